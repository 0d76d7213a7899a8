"""A small campaign and the command line in one home folder, on either kind of database."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from alloop.campaign.home import open_records
from alloop.cli.app import run
from alloop.records import Records

TEXT = """\
campaign: small-spinel
title: A spinel small enough for tests
mobile_ion: Li+
atmosphere: inert
space:
  sites:
    - name: M
      amount: 1
      host: Mg2+
      max_substituents: 2
      substituents:
        - {species: [Zn2+, Mn2+, In3+, Zr4+], max: 0.4, step: 0.1}
    - {name: X, amount: 4, host: Cl-}
  charge_compensation: {species: Li+, min: 1.2, max: 2.0}
  limits: {max_dopants: 2}
  process:
    - {name: anneal_temperature, unit: degC, levels: [300, 400], shared_by: plate}
    - {name: milling_time, unit: h, levels: [1, 5], shared_by: well}
precursors:
  - {formula: LiCl, excess: 0.02}
  - {formula: MgCl2}
  - {formula: ZnCl2}
  - {formula: MnCl2}
  - {formula: InCl3}
  - {formula: ZrCl4}
objectives:
  - {property: ionic_conductivity, temperature_C: 25, kind: total, goal: maximize, scale: log10, unit: S/cm,
     reference: 1.0e-6, target: 1.0e-3}
constraints:
  - {property: target_phase_fraction, min: 0.8}
plate:
  rows: 2
  columns: 4
  controls: {count: 1, formula: Li2MgCl4, process: {milling_time: 5}}
  replicates: 1
  random: 1
literature: [table.csv]
"""

LITERATURE = """\
formula,property,value,unit,bound,temperature_C,kind,phase,qualifier,source
Li2MgCl4,ionic_conductivity,1e-6,S/cm,exact,25,,spinel,point,"Review, ref. 1"
Li1.6Mg1.2Cl4,ionic_conductivity,3.4e-5,S/cm,exact,25,,spinel,point,"Review, ref. 2"
Li2ZnCl4,ionic_conductivity,1e-9,S/cm,below,25,,spinel,lt,"Review, ref. 3"
Li2MnCl4,ionic_conductivity,1e-3,S/cm,exact,300,,spinel,point,"Review, ref. 4"
Li3InCl6,ionic_conductivity,2e-3,S/cm,exact,25,,,range_high,"Review, ref. 5"
"""


@contextmanager
def database_at(url: str | None) -> Iterator[None]:
    """Let commands find that database, or the embedded one, as long as the block lasts."""
    before = os.environ.pop("ALLOOP_DATABASE_URL", None)
    if url is not None:
        os.environ["ALLOOP_DATABASE_URL"] = url
    try:
        yield
    finally:
        os.environ.pop("ALLOOP_DATABASE_URL", None)
        if before is not None:
            os.environ["ALLOOP_DATABASE_URL"] = before


class Shell:
    """The command line in one home folder with one database; `by` is always given."""

    def __init__(self, home: Path, capsys: pytest.CaptureFixture[str], url: str | None = None) -> None:
        self.home = home
        self.url = url
        self._capsys = capsys

    def __call__(self, *arguments: object) -> tuple[int, str, str]:
        self._capsys.readouterr()
        with database_at(self.url):
            code = run(["--home", str(self.home), *map(str, arguments)])
        out, err = self._capsys.readouterr()
        return code, out, err

    def records(self) -> Records:
        """The records that its commands write."""
        with database_at(self.url):
            return open_records(self.home)

    def ok(self, *arguments: object) -> str:
        code, out, err = self(*arguments)
        assert code == 0, err
        return out

    def json(self, *arguments: object) -> Any:
        return json.loads(self.ok(*arguments, "--json"))

    def fails(self, *arguments: object, code: int = 2) -> list[str]:
        found, _, err = self(*arguments)
        assert found == code, err
        lines = [line for line in err.splitlines() if line.startswith("error: ")]
        assert lines
        assert "Traceback" not in err
        return lines


Write = Callable[[str, str], Path]


@dataclass(frozen=True)
class SavedHome:
    """A home to copy, and its database where that lies on a server."""

    folder: Path
    url: str | None

    def copy_to(self, home: Path, database: Any) -> str | None:
        """Copy both; returns the URL of the copied database."""
        shutil.copytree(self.folder, home)
        return database.new(self.url)


def save_home(
    place: Path, database: Any, steps: list[list[str]], after: SavedHome | None = None
) -> SavedHome:
    """What some commands make of an empty home, or of a saved one; the small campaign's files lie beside it."""
    place.mkdir(parents=True, exist_ok=True)
    (place / "small.yaml").write_text(TEXT)
    (place / "table.csv").write_text(LITERATURE)
    home = place / "home"
    url = database.new() if after is None else after.copy_to(home, database)
    with database_at(url):
        for step in steps:
            arguments = [str(place / one) if one == "small.yaml" else one for one in step]
            assert run(["--home", str(home), *arguments]) == 0
    return SavedHome(home, url)


def wide(plate: str, values: dict[str, tuple[object, object, str]]) -> str:
    """A results table: well -> (conductivity in mS/cm, target phase fraction in %, status)."""
    lines = ["sample,ionic_conductivity [mS/cm],target_phase_fraction [%],temperature_C,kind,status"]
    lines += [
        f"{plate}-{well},{sigma},{phase},25,total,{status}" for well, (sigma, phase, status) in values.items()
    ]
    return "\n".join(lines) + "\n"


WELLS = ("A01", "A02", "A03", "A04", "B01", "B02", "B03", "B04")


def all_wells(plate: str, base: float = 0.1) -> str:
    """Plausible results of every well of a plate."""
    return wide(plate, {well: (base * (1 + n), 90 + n, "ok") for n, well in enumerate(WELLS)})
