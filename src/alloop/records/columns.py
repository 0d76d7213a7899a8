"""How rows become columns of the tables."""

from __future__ import annotations

from typing import Any

from alloop.records import rows
from alloop.records.codec import encode_amounts, encode_settings
from alloop.records.labels import well_label


def well_columns(plate: str, well: rows.WellRow) -> dict[str, Any]:
    """The columns of a well, but for its place in the plan."""
    names = [
        "role",
        "formula",
        "key",
        "recipe_key",
        "rank",
        "replicate_of",
        "p_feasible",
        "p_hit",
        "reason",
        "locked",
    ]
    return {name: getattr(well, name) for name in names} | {
        "plate_id": plate,
        "well": well_label(well.well),
        "elements": encode_amounts(well.elements),
        "settings": encode_settings(well.settings),
        "composition": dict(well.composition),
    }


def preparation_columns(row: rows.PreparationRow) -> dict[str, Any]:
    """The columns of a preparation."""
    return {
        "sample_id": row.sample,
        "masses_mg": dict(row.masses_mg),
        "settings": None if row.settings is None else encode_settings(row.settings),
        "formula": row.formula,
        "elements": None if row.elements is None else encode_amounts(row.elements),
        "made_at": row.made_at,
        "note": row.note,
    }


def _subject(row: rows.MeasurementRow | rows.StatusRow) -> dict[str, Any]:
    return {
        "sample_id": row.sample,
        "origin": row.origin,
        "formula": row.formula,
        "elements": encode_amounts(row.elements),
        "settings": encode_settings(row.settings),
        "property": row.property,
        "place": row.place,
    }


def measurement_columns(row: rows.MeasurementRow) -> dict[str, Any]:
    """The columns of a measurement, but for its campaign and upload."""
    names = [
        "value",
        "bound",
        "uncertainty",
        "temperature_C",
        "kind",
        "method",
        "measured_at",
        "source",
        "qualifier",
        "phase",
        "doubt",
        "doubt_why",
    ]
    values = {name: getattr(row, name) for name in names}
    return _subject(row) | values | {"conditions": dict(row.conditions)}


def status_columns(row: rows.StatusRow) -> dict[str, Any]:
    """The columns of a status, but for its campaign and upload."""
    return _subject(row) | {"status": row.status, "note": row.note}
