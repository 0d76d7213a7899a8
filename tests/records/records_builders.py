"""Small campaigns, plates and results to record."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from typing import Any

from alloop.records import (
    MeasurementRow,
    PlateRow,
    PredictionRow,
    Records,
    UploadRow,
    VersionRow,
    WellRow,
    plate_id,
    sample_id,
)

SLUG = "halide-spinel"
PLATE = plate_id(SLUG, 1)
ELEMENTS = {"Li": Fraction(8, 5), "Mg": Fraction(4, 5), "In": Fraction(1, 5), "Cl": Fraction(4)}
SETTINGS = {
    "anneal_temperature": Fraction(400),
    "milling_time": Fraction("2.5"),
    "route": "milled",
    "second": None,
}


def add_campaign(records: Records, slug: str = SLUG) -> None:
    with records.writing(by="ada") as tx:
        tx.add_campaign(slug, "Chloride spinels")
        tx.add_campaign_version(VersionRow(campaign=slug, text="campaign: x", sha256="0" * 64, path="x.yaml"))


def well(label: str, plate: str = plate_id(SLUG, 1), **changes: Any) -> WellRow:
    values: dict[str, Any] = {
        "plate": plate,
        "well": label,
        "role": "candidate",
        "formula": "Li1.6Mg0.8In0.2Cl4",
        "elements": ELEMENTS,
        "key": f"M=In3+:1/5,Mg2+:4/5|well={label}",
        "recipe_key": f"recipe {label}",
        "rank": 2**61 + 3,
        "settings": SETTINGS,
        "composition": {"M": {"Mg2+": "4/5", "In3+": "1/5"}},
        "p_feasible": 0.75,
        "p_hit": 0.125,
        "reason": "covers In3+",
    }
    return WellRow(**values | changes)


def prediction(label: str, plate: str = plate_id(SLUG, 1), median: float = 1e-4) -> PredictionRow:
    return PredictionRow(
        plate=plate,
        well=label,
        property="ionic_conductivity",
        unit="S/cm",
        scale="log10",
        median=median,
        low90=median / 10,
        high90=median * 10,
        sd=0.6,
    )


def add_plate(
    records: Records, labels: Sequence[str] = ("A01", "A02"), number: int = 1, slug: str = SLUG
) -> PlateRow:
    name = plate_id(slug, number)
    with records.writing(by="ada") as tx:
        return tx.add_plate(
            PlateRow(id=name, campaign=slug, number=number, version=1, seed=7),
            '{"wells": []}\n',
            [well(label, name) for label in labels],
            [prediction(label, name) for label in labels],
        )


def approve(records: Records, plate: str) -> None:
    with records.writing(by="grace") as tx:
        tx.set_plate_state(plate, "approved")
        tx.add_samples(plate)


def value(
    label: str | None = "A01", number: float = 2.5e-4, slug: str = SLUG, **changes: Any
) -> MeasurementRow:
    values: dict[str, Any] = {
        "campaign": SLUG,
        "sample": None if label is None else sample_id(plate_id(slug, 1), label),
        "formula": "Li1.6Mg0.8In0.2Cl4",
        "elements": ELEMENTS,
        "settings": SETTINGS,
        "property": "ionic_conductivity",
        "value": number,
        "temperature_C": 25.0,
        "kind": "total",
        "place": "results.csv, row 2, column 'ionic_conductivity [S/cm]'",
    }
    return MeasurementRow(**values | changes)


def upload(
    records: Records, content: bytes, measurements: Sequence[MeasurementRow], slug: str = SLUG
) -> bool:
    with records.writing(by="ada") as tx:
        return tx.add_upload(UploadRow(campaign=SLUG), [("results.csv", content)], measurements)[1]
