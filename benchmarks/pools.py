"""Measured pools, each read as `alloop replay TABLE --campaign FILE` reads it.

The tables lie in ../shared/data (see SOURCES.md there) and are not part of the project; a pool whose table is not
there is skipped, and said to be. Rows that repeat an input are averaged (median on the model's scale).
"""

from __future__ import annotations

import csv
import hashlib
import math
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from alloop.campaign_file import load_campaign
from alloop.lab.replay_table import ReplayTable, load_replay

DATA = Path(__file__).parents[1].parent / "shared" / "data"
OBELIX = "conductivity/obelix_all.csv"
HALIDES, CHALCOGENS = {"F", "Cl", "Br", "I"}, {"S", "Se", "Te"}


@dataclass(frozen=True)
class Pool:
    """A pool with the campaign's aim (the default) and the protocol.

    `large` is whether 16 random and six batches of 16 are measured; else 8 and six batches of 4: where the former
    would be more than half of the pool.
    """

    name: str
    table: ReplayTable
    aim: Mapping[str, float]

    @property
    def sizes(self) -> tuple[int, int, int]:
        """Random candidates at the start, candidates per batch, batches."""
        return (16, 16, 6) if len(self.table) >= 224 else (8, 4, 6)

    @property
    def fingerprint(self) -> str:
        """Of the answers and the order of the candidates: results made with other data are of no use."""
        parts = [np.round(self.table.values[o.property], 9).tobytes() for o in self.table.objectives]
        keys = [self.table.space.candidate(rank).recipe_key for rank in range(len(self.table))]
        return hashlib.sha256(b"".join(parts) + repr((keys, self.sizes)).encode()).hexdigest()[:16]


class MissingData(Exception):
    """The table of a pool is not there."""


def _rows(file: str, header: Sequence[str] | None = None) -> list[dict[str, str]]:
    path = DATA / file
    if not path.exists():
        raise MissingData(f"{path} is not there")
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream, fieldnames=header))


def _pool(
    name: str,
    rows: Sequence[Mapping[str, object]],
    objectives: Mapping[str, str],
    settings: Sequence[str] = (),
    extra: str = "",
) -> Pool:
    """A pool through the public way: a table and a campaign file.

    Args:
        name: of the pool.
        rows: the table, its headings being names of properties with units, of settings, `formula` and `status`.
        objectives: by property its goal, with several also the reference.
        settings: process settings.
        extra: more of the campaign file.
    """
    lines = [f"campaign: {name}", "objectives:"]
    lines += [f"  - {{property: {entry}, goal: {goal}}}" for entry, goal in objectives.items()]
    if settings:
        lines += ["space:", "  process:", *(f"    - {{name: {setting}}}" for setting in settings)]
    with tempfile.TemporaryDirectory() as folder:
        campaign, table = Path(folder) / f"{name}.yaml", Path(folder) / f"{name}.csv"
        campaign.write_text("\n".join([*lines, extra]) + "\n")
        with table.open("w", newline="") as stream:
            writer = csv.DictWriter(stream, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
        file = load_campaign(campaign, complete=False)
        replay = load_replay(table, {}, file.objectives, file.settings, file.mobile_ion)
    return Pool(name, replay, file.aim)


def family(formula: str) -> str:
    """By anions.

    `sulfide`: S, Se or Te, no O; `phosphate` and `oxide`: O as only anion, with and without P; else `other`.
    """
    from alloop.chemistry import parse_formula

    elements = set(parse_formula(formula))
    if elements & CHALCOGENS and "O" not in elements:
        return "sulfide"
    if "O" in elements and not elements & (CHALCOGENS | HALIDES):
        return "phosphate" if "P" in elements else "oxide"
    return "other"


def _obelix_rows(member: str | None = None) -> list[dict[str, object]]:
    result = []
    for row in _rows(OBELIX):
        formula = row["True Composition"]
        if member is None or family(formula) == member:
            sigma = row["Ionic conductivity (S cm-1)"]
            result.append({"formula": formula, "ionic_conductivity [S/cm]": sigma} | _density(row))
    return result


def _density(row: Mapping[str, str]) -> dict[str, object]:
    """The density of the measured crystal in g/cm³: mass of the unit cell over its volume."""
    from alloop.chemistry import ELEMENT_FEATURES, element_table, parse_formula

    a, b, c, *angles = (float(row[name]) for name in ("a", "b", "c", "alpha", "beta", "gamma"))
    x, y, z = (math.cos(math.radians(angle)) for angle in angles)
    volume = a * b * c * math.sqrt(max(1.0 - x * x - y * y - z * z + 2.0 * x * y * z, 0.0))
    amounts = parse_formula(row["True Composition"])
    masses = element_table(list(amounts))[:, ELEMENT_FEATURES.index("atomic_mass")]
    mass = sum(float(n) * m for n, m in zip(amounts.values(), masses, strict=True))
    return {"density [g/cm^3]": f"{mass / volume / 0.602214076:.5g}"}


def _obelix(name: str, member: str | None = None) -> Pool:
    return _pool(name, _obelix_rows(member), {"ionic_conductivity": "maximize"})


def _obelix_two() -> Pool:
    """High conductivity and low density, both measured."""
    return _pool(
        "obelix-two",
        _obelix_rows(),
        {"ionic_conductivity": "maximize, reference: 1.0e-8", "density": "minimize, reference: 6"},
    )


def _mpea(name: str, labels: bool) -> Pool:
    """Alloys strong and ductile, by composition, process, test and test temperature; 'other' phases fail if asked."""
    rows = []
    for row in _rows("closed_loop/MPEA_dataset.csv"):
        get = {key.removeprefix("PROPERTY: "): value for key, value in row.items()}
        if not get["YS (MPa)"] or not get["Elongation (%)"]:
            continue
        entry: dict[str, object] = {
            "formula": row["FORMULA"].replace(" ", ""),
            "process": get["Processing method"],
            "test": get["Type of test"],
            "test_temperature": get["Test temperature ($^\\circ$C)"],
            "yield_strength [MPa]": get["YS (MPa)"],
            "elongation [%]": get["Elongation (%)"],
        }
        rows.append(entry | ({"status": _phase(get["BCC/FCC/other"])} if labels else {}))
    aims = {"yield_strength": "maximize, reference: 100", "elongation": "maximize, reference: 0.01"}
    return _pool(name, rows, aims, ("process", "test", "test_temperature"))


def _phase(label: str) -> str:
    return "ok" if label in ("BCC", "FCC") else "not_formed"


def _mpea_hardness() -> Pool:
    rows: list[dict[str, object]] = [
        {
            "formula": row["FORMULA"].replace(" ", ""),
            "process": row["PROPERTY: Processing method"],
            "hardness [HV]": row["PROPERTY: HV"],
        }
        for row in _rows("closed_loop/MPEA_dataset.csv")
        if row["PROPERTY: HV"]
    ]
    return _pool("mpea-hardness", rows, {"hardness": "maximize"}, ("process",))


def _oer() -> Pool:
    metals = ("Sn", "Sb", "Co", "Ca", "Ni", "Mn")
    rows: list[dict[str, object]] = []
    for row in _rows("closed_loop/olympus_oer_plate_4098_data.csv", (*metals, "value")):
        formula = "".join(f"{metal}{float(row[metal]):g}" for metal in metals if float(row[metal]) > 0)
        rows.append({"formula": formula, "overpotential [V]": row["value"]})
    return _pool("oer", rows, {"overpotential": "minimize"})


def _figures_of_merit(name: str, file: str, goal: str) -> Pool:
    """A table of numbers: every column but the last is a setting, the last the figure of merit."""
    rows = _rows(f"closed_loop/pvlab_{file}_dataset.csv")
    *inputs, outcome = rows[0]
    settings = [f"input{place + 1}" for place in range(len(inputs))]
    table = [
        dict(zip(settings, (row[key] for key in inputs), strict=True)) | {"score": row[outcome]}
        for row in rows
    ]
    return _pool(name, table, {"score": goal}, settings)


def _synthetic() -> Pool:
    from synthetic_pool import synthetic_rows

    return _pool(
        "synthetic",
        synthetic_rows(),
        {"ionic_conductivity": "maximize, reference: 1.0e-6", "oxidation_limit": "maximize, reference: 3.5"},
        ("anneal_temperature", "milling_time"),
    )


POOLS: Mapping[str, Callable[[], Pool]] = {
    "obelix": lambda: _obelix("obelix"),
    "obelix-two": _obelix_two,
    "oxides": lambda: _obelix("oxides", "oxide"),
    "phosphates": lambda: _obelix("phosphates", "phosphate"),
    "sulfides": lambda: _obelix("sulfides", "sulfide"),
    "mpea": lambda: _mpea("mpea", labels=False),
    "mpea-phases": lambda: _mpea("mpea-phases", labels=True),
    "mpea-hardness": _mpea_hardness,
    "oer": _oer,
    "synthetic": _synthetic,
    "agnp": lambda: _figures_of_merit("agnp", "AgNP", "minimize"),
    "autoam": lambda: _figures_of_merit("autoam", "AutoAM", "maximize"),
    "crossed-barrel": lambda: _figures_of_merit("crossed-barrel", "Crossed_barrel", "maximize"),
    "p3ht": lambda: _figures_of_merit("p3ht", "P3HT", "maximize"),
    "perovskite": lambda: _figures_of_merit("perovskite", "Perovskite", "minimize"),
}
"""By name, in the order of the report."""
