"""plan.json: the plan of a plate as one document that depends on data and seed alone; and its rows."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import replace
from fractions import Fraction
from importlib.metadata import version
from typing import Any

from alloop.campaign.advice import advice
from alloop.campaign.evidence import Evidence, modelled_in
from alloop.campaign.observations import Learned
from alloop.campaign.suspects import as_json, doubted, summary
from alloop.campaign_file import CampaignFile
from alloop.planning import PlannedWell, PlatePlan, Prediction, WellBlock
from alloop.planning.because import Neighbour, PlateGain
from alloop.properties import get_property
from alloop.records import PredictionRow, WellRow, sample_id
from alloop.scales import unit_of_differences
from alloop.space import Candidate, Level

_DIGITS = 6
"""Significant digits of predictions and chances in plan.json."""


def alloop_version() -> str:
    """The version of the installed alloop."""
    return version("alloop")


def plan_document(
    file: CampaignFile,
    evidence: Evidence,
    learned: Learned,
    plan: PlatePlan,
    plate: str,
    seed: int,
    warnings: Sequence[str] = (),
    before: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The content of plan.json; no timings, dates or names in it.

    `before` is what the plate before was expected to bring and brought.
    """
    space = file.space
    doubts = doubted(plan, learned, modelled_in(file))
    units = {setting.name: setting.unit for setting in space.process.settings}
    return {
        "plate": plate,
        "campaign": file.slug,
        "title": file.title,
        "alloop_version": alloop_version(),
        "file": {"version": evidence.version.number, "sha256": evidence.version.sha256},
        "space": {"hash": space.space_hash, "candidates": space.size},
        "seed": seed,
        "data_hash": evidence.data_hash,
        "rows": file.plate.rows,
        "columns": file.plate.columns,
        "shared_settings": {
            name: {"value": json_level(level), "unit": units.get(name, "")}
            for name, level in plan.shared_settings.items()
        },
        "setting_units": units,
        "objectives": [aim.property for aim in file.objectives],
        "blocks": [_block(file, block, plan.wells, units) for block in file.plate.blocks],
        "stations": [
            {
                "name": station.name,
                "atmosphere": station.atmosphere,
                "room": station.wells,
                "wells": [well.well for well in plan.wells if well.station == station.name],
            }
            for station in file.plate.stations
        ],
        "rule_prices": [
            {
                "rule": price.rule,
                "setting": price.setting,
                "utility_lost_percent": price.utility_lost_percent,
                "words": price.words,
            }
            for price in plan.rule_prices
        ],
        "candidates_screened": plan.candidates_screened,
        **gain_entries(file, plate, plan.gain_detail, before),
        "models": {
            name: {
                "kind": report.kind,
                "n": report.n,
                "coverage90": _rounded(report.coverage90),
                "log_score": _rounded(report.log_score),
                "skill": _rounded(report.skill),
                "predictable": report.predictable,
                "interval_factor": _rounded(report.interval_factor),
            }
            for name, report in plan.models.items()
        },
        "effect_units": {
            aim.property: unit_of_differences(aim.scale, aim.unit) for aim in reversed(modelled_in(file))
        },
        "values_used": {name: len(values) for name, values in learned.values.items()},
        "values_unused": dict(learned.unused),
        "suspects": as_json(doubts),
        "literature_left_out": list(plan.literature_left_out),
        "warnings": [*summary(doubts), *plan.warnings, *warnings],
        "wells": [well_entry(plate, well) for well in plan.wells],
    }


def _block(
    file: CampaignFile, block: WellBlock, wells: Sequence[PlannedWell], units: Mapping[str, str]
) -> dict[str, Any]:
    """A block with its planned wells and the settings they share."""
    own = [well for well in wells if well.block == block.name]
    shared = {s.name for s in file.settings if s.shared_by == "block"}
    levels = {name: level for well in own for name, level in well.candidate.settings if name in shared}
    return {
        "name": block.name,
        "wells": [well.well for well in own],
        "settings": {n: {"value": json_level(v), "unit": units.get(n, "")} for n, v in levels.items()},
    }


def well_entry(plate: str, well: PlannedWell, locked: bool = False) -> dict[str, Any]:
    """One well of plan.json."""
    candidate = well.candidate
    return {
        "well": well.well,
        "sample": sample_id(plate, well.well),
        "role": well.role,
        "replicate_of": well.replicate_of,
        "block": well.block,
        "station": well.station,
        "key": candidate.key,
        "recipe": candidate.recipe_key,
        "rank": None if well.rank is None else int(well.rank),
        "formula": candidate.formula,
        "composition": composition_of(candidate),
        "dopants": [[group, label, json_number(amount)] for group, label, amount in candidate.dopants],
        "process": {name: json_level(level) for name, level in candidate.settings},
        "predictions": {name: _prediction(entry) for name, entry in well.predictions.items()},
        "p_feasible": _rounded(well.p_feasible),
        "p_hit": _rounded(well.p_hit),
        "reason": well.reason,
        "neighbours": [_neighbour(entry) for entry in well.neighbours],
        "drivers": [
            {"what": entry.what, "effects": {name: _rounded(e) for name, e in entry.effects.items()}}
            for entry in well.drivers
        ],
        "teaches": None
        if well.teaches is None
        else {
            "overall": _rounded(well.teaches.overall),
            "about": well.teaches.about,
            "share": _rounded(well.teaches.share),
        },
        "locked": locked,
    }


def composition_of(candidate: Candidate) -> dict[str, dict[str, float | int]]:
    """Amounts by site (or mixture) and species, in atoms (or shares) per formula unit."""
    return {group: {label: json_number(amount) for label, amount in held} for group, held in candidate.parts}


def plan_text(document: Mapping[str, Any]) -> str:
    """The text of plan.json, the same for the same content."""
    return json.dumps(document, indent=1, ensure_ascii=False, allow_nan=False) + "\n"


def well_row(plate: str, well: PlannedWell, locked: bool = False) -> WellRow:
    """A planned well as the records keep it."""
    candidate = well.candidate
    return WellRow(
        plate=plate,
        well=well.well,
        role=well.role,
        formula=candidate.formula,
        elements=candidate.amounts,
        key=candidate.key,
        recipe_key=candidate.recipe_key,
        rank=None if well.rank is None else int(well.rank),
        settings=candidate.process,
        composition=composition_of(candidate),
        replicate_of=well.replicate_of,
        p_feasible=well.p_feasible,
        p_hit=well.p_hit,
        reason=well.reason,
        locked=locked,
    )


def prediction_rows(file: CampaignFile, plate: str, well: PlannedWell) -> list[PredictionRow]:
    """The predictions of a well as the ledger keeps them."""
    scales = {aim.property: aim.scale for aim in reversed(modelled_in(file))}
    return [
        PredictionRow(
            plate=plate,
            well=well.well,
            property=name,
            unit=entry.unit,
            median=entry.median,
            low90=entry.low90,
            high90=entry.high90,
            sd=entry.sd,
            scale=scales[name],
        )
        for name, entry in well.predictions.items()
        if not get_property(name).computed  # known, not foretold
    ]


def kept_well(row: WellRow, candidate: Candidate, predictions: Sequence[PredictionRow]) -> PlannedWell:
    """A well of an earlier proposal that stays as it was."""
    return PlannedWell(
        well=row.well,
        role=row.role,  # type: ignore[arg-type]
        candidate=candidate,
        rank=row.rank,
        predictions={
            entry.property: Prediction(entry.median, entry.low90, entry.high90, entry.unit, entry.sd)
            for entry in predictions
            if entry.well == row.well
        },
        p_feasible=row.p_feasible,
        p_hit=row.p_hit,
        reason=row.reason,
        replicate_of=row.replicate_of,
    )


def with_wells(plan: PlatePlan, kept: Sequence[PlannedWell], labels: Sequence[str]) -> PlatePlan:
    """A plan together with wells that were kept, in the order of `labels`."""
    wells = {well.well: well for well in (*plan.wells, *kept)}
    return replace(plan, wells=tuple(wells[label] for label in labels if label in wells))


def json_number(value: Fraction) -> float | int:
    """An amount as JSON has it; the exact one is in the key."""
    return value.numerator if value.denominator == 1 else float(value)


def json_level(level: Level) -> float | int | str | None:
    """A level of a setting as JSON has it."""
    return json_number(level) if isinstance(level, Fraction) else level


def gain_entries(
    file: CampaignFile, plate: str, gain: PlateGain | None, before: Mapping[str, Any] | None
) -> dict[str, Any]:
    """What plan.json says of the plate's gain."""
    entries: dict[str, Any] = {
        "gain": None if gain is None else _rounded(gain.mean),
        "gain_low90": None if gain is None else _rounded(gain.low90),
        "gain_high90": None if gain is None else _rounded(gain.high90),
        "gain_random": None if gain is None else _rounded(gain.random),
        "gain_unit": None if gain is None else gain.unit,
        "gain_before": before,
    }
    return {**entries, "advice": advice(file, plate, entries)}


def _neighbour(entry: Neighbour) -> dict[str, Any]:
    known = entry.known
    return {
        "name": known.name,
        "formula": known.formula,
        "distance": _rounded(entry.distance),
        "failed": known.failed,
        "values": {name: vars(value) for name, value in known.values.items()},
    }


def _prediction(entry: Prediction) -> dict[str, Any]:
    return {
        "median": _rounded(entry.median),
        "low90": _rounded(entry.low90),
        "high90": _rounded(entry.high90),
        "unit": entry.unit,
        "sd": _rounded(entry.sd),
    }


def _rounded(value: float | None) -> float | None:
    if value is None or not math.isfinite(value):
        return None
    return float(f"{value:.{_DIGITS}g}")
