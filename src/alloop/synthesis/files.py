"""The files in a plate's folder: tables for spreadsheets and robots, map and sheet.

All text is UTF-8; tables are CSV with commas, decimal points and units in the header.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import Any

from alloop.synthesis.planned import PlannedPlate, read_plan
from alloop.synthesis.plate_map import plate_map_svg
from alloop.synthesis.rounding import write_mass
from alloop.synthesis.sheet import plan_sheet_html
from alloop.synthesis.weigh import WeighPlan
from alloop.whole_files import write_whole

PROPOSAL_SHEET = "plan.html"
RELEASED_SHEET = "sheet.html"


def write_proposal_files(folder: Path, plan: Mapping[str, Any], weigh: WeighPlan | None) -> list[Path]:
    """Write plate.csv, map.svg and plan.html (marked PROPOSED); returns their paths."""
    texts = {
        "plate.csv": plate_csv(plan),
        "map.svg": plate_map_svg(plan),
        PROPOSAL_SHEET: plan_sheet_html(plan, weigh, proposed=True),
    }
    return _write(folder, texts)


def write_released_files(folder: Path, plan: Mapping[str, Any], weigh: WeighPlan | None) -> list[Path]:
    """Write what an approved plate needs; returns the paths.

    These are labels.csv and sheet.html, and where there is a shelf the two weighing tables: weigh_list.csv
    (wells by precursors) and worklist.csv (one transfer a row).
    """
    texts = {"labels.csv": labels_csv(plan), RELEASED_SHEET: plan_sheet_html(plan, weigh, proposed=False)}
    if weigh is not None:
        plate = str(plan["plate"])
        stations = {well.well: well.station for well in read_plan(plan).wells if well.station}
        texts |= {
            "weigh_list.csv": weigh_list_csv(weigh),
            "worklist.csv": worklist_csv(weigh, plate, stations),
        }
    return _write(folder, texts)


def _write(folder: Path, texts: Mapping[str, str]) -> list[Path]:
    return [write_whole(folder / name, text) for name, text in texts.items()]


def _csv(header: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return text.getvalue()


def plate_csv(plan: Mapping[str, Any]) -> str:
    """The plan as a table, one well a row: role, key, composition per site, settings, predictions, reason."""
    plate = read_plan(plan)
    groups = list(dict.fromkeys(group for well in plate.wells for group in well.composition))
    settings = list(dict.fromkeys(name for well in plate.wells for name in well.settings))
    parts = [name for name in ("block", "station") if any(getattr(well, name) for well in plate.wells)]
    header = ["well", "sample", "role", "replicate_of", *parts, "key", "formula", *groups]
    header += [_with_unit(name, plate.setting_units.get(name, "")) for name in settings]
    for name, unit in plate.properties.items():
        header += [_with_unit(f"{name}_{part}", unit) for part in ("median", "low90", "high90")]
    header += ["p_feasible", "p_hit", "reason"]
    rows: list[list[object]] = []
    for well in plate.wells:
        row: list[object] = [well.well, well.sample, well.role, well.replicate_of]
        row += [*(getattr(well, name) for name in parts), well.key, well.formula]
        row += [well.composition.get(group, "") for group in groups]
        row += [well.settings.get(name, "") for name in settings]
        for name in plate.properties:
            found = well.predictions.get(name)
            row += (
                ["", "", ""]
                if found is None
                else [_number(v) for v in (found.median, found.low90, found.high90)]
            )
        row += [_number(well.p_feasible), _number(well.p_hit), well.reason]
        rows.append(row)
    return _csv(header, rows)


def weigh_list_csv(weigh: WeighPlan) -> str:
    """Wells by precursors in mg, with what rounding to the balance does to the composition."""
    header = ["well", "sample", "formula", *(f"{formula} [mg]" for formula in weigh.precursors)]
    header += ["powder [mg]", "product [mg]", "composition_error", "weighed_formula"]
    rows = []
    for well in weigh.wells:
        masses = {p.precursor: write_mass(p.mass_mg, weigh.balance_resolution_mg) for p in well.portions}
        rows.append(
            [
                *(well.well, well.sample, well.formula),
                *(masses.get(formula, "") for formula in weigh.precursors),
                write_mass(well.powder_mg, weigh.balance_resolution_mg),
                f"{well.product_mg:g}",
                f"{well.composition_error:.6f}",
                well.weighed_formula,
            ]
        )
    return _csv(header, rows)


def worklist_csv(weigh: WeighPlan, plate: str, stations: Mapping[str, str] = MappingProxyType({})) -> str:
    """One transfer a row, precursor by precursor, so that each bottle is opened once, in each station if there are.

    `stations` names the station of each well.
    """
    places = list(dict.fromkeys(stations.values())) or [""]
    ordered = [
        (place, p)
        for place in places
        for formula in weigh.precursors
        for p in weigh.portions
        if p.precursor == formula and stations.get(p.well, "") == place
    ]
    rows = []
    for n, (place, p) in enumerate(ordered, start=1):
        mass = write_mass(p.mass_mg, weigh.balance_resolution_mg)
        rows.append([n, *([place] if stations else []), p.precursor, plate, p.well, p.sample, mass])
    station = ["station"] if stations else []
    return _csv(["transfer", *station, "precursor", "plate", "well", "sample", "mass [mg]"], rows)


def labels_csv(plan: Mapping[str, Any]) -> str:
    """One label a row, for a label printer; `sample` is what a barcode should hold."""
    plate = read_plan(plan)
    rows = []
    for well in plate.wells:
        row = [well.sample, plate.plate, well.well, well.role, well.formula, _settings_text(plate, well.well)]
        rows.append([*row, well.station] if plate.stations else row)
    station = ["station"] if plate.stations else []
    return _csv(["sample", "plate", "well", "role", "formula", "settings", *station], rows)


def _settings_text(plate: PlannedPlate, label: str) -> str:
    well = next(entry for entry in plate.wells if entry.well == label)
    return "; ".join(f"{name} {plate.setting(well, name)}" for name in well.settings)


def _with_unit(name: str, unit: str) -> str:
    return f"{name} [{unit}]" if unit not in ("", "1") else name


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.6g}"
