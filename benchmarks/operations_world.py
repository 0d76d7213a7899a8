"""A campaign that has run for years: plates, samples, values and predictions, written through the records' own API.

The campaign is the bundled one of chloride spinels without its stopping rules. Its first plate is planned by alloop;
later ones hold random candidates of the space, with that plate's predictions and snapshot. Values are drawn around the
predictions: nothing is learned from them, they only weigh what a real campaign's would.
"""

from __future__ import annotations

import re
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from alloop import Campaign
from alloop.campaign.plan_document import composition_of
from alloop.records import (
    EventRow,
    MeasurementRow,
    PlateRow,
    PredictionRow,
    Records,
    SnapshotRow,
    UploadRow,
    WellRow,
    plate_id,
    sample_id,
)
from alloop.space import Space

SLUG = "halide-spinel"
BUNDLED = Path(__file__).parents[1] / "campaigns"
_STOPPING = re.compile(r"^(stopping|schedule):.*$", re.MULTILINE)


@dataclass(frozen=True)
class Pattern:
    """What later plates copy from the first one: its wells, what was expected of them, what the model was."""

    wells: Sequence[WellRow]
    predictions: Sequence[PredictionRow]
    snapshot: SnapshotRow
    plan: str


def build(home: Path, plates: int, measurements: int, seed: int = 0) -> Campaign:
    """Register the campaign and give it `plates` plates of 64 wells, all complete but the last, which is approved.

    Args:
        home: where; the database is the environment's, or SQLite there.
        plates: how many.
        measurements: values of their own: conductivities, one a well, then oxidation limits of the first wells.
        seed: of candidates and values.
    """
    folder = home / "source"
    (folder / "literature").mkdir(parents=True)
    shutil.copyfile(BUNDLED / "literature" / "halides.csv", folder / "literature" / "halides.csv")
    file = folder / "halide_spinel.yaml"
    file.write_text(_STOPPING.sub("", (BUNDLED / "halide_spinel.yaml").read_text()))
    campaign = Campaign.open(file, home, by="benchmark")
    each, more = divmod(measurements, plates - 1)
    if each + 1 > 2 * campaign.file.plate.rows * campaign.file.plate.columns:
        raise SystemExit(f"{plates} plates have too few wells for {measurements} values of two properties")
    first = campaign.plan(seed=seed, by="benchmark").id
    with campaign.records.reading() as reader:
        pattern = Pattern(
            reader.wells(first), reader.predictions(first), reader.snapshots(SLUG)[-1], reader.plan(first)
        )
    space, rng = campaign.space, np.random.default_rng(seed)
    for number in range(1, plates + 1):
        wells = pattern.wells if number == 1 else _wells(space, pattern, plate_id(SLUG, number), rng)
        values = 0 if number == plates else each + (number <= more)
        _record(campaign.records, number, pattern, wells, values, rng)
    return campaign


def _wells(space: Space, pattern: Pattern, plate: str, rng: np.random.Generator) -> list[WellRow]:
    """Random candidates in the wells of a plate."""
    ranks = space.sample(len(pattern.wells), rng)
    return [
        replace(
            old,
            plate=plate,
            formula=new.formula,
            elements=new.amounts,
            key=new.key,
            recipe_key=new.recipe_key,
            rank=int(rank),
            settings=new.process,
            composition=composition_of(new),
            replicate_of=None,
        )
        for old, rank in zip(pattern.wells, ranks, strict=True)
        for new in [space.candidate(int(rank))]
    ]


def _record(
    records: Records,
    number: int,
    pattern: Pattern,
    wells: Sequence[WellRow],
    values: int,
    rng: np.random.Generator,
) -> None:
    """Record a plate from its proposal to its last value, in one transaction; without values it stays approved."""
    plate = plate_id(SLUG, number)
    with records.writing("benchmark") as tx:
        if number > 1:
            row = PlateRow(id=plate, campaign=SLUG, number=number, version=1, seed=number)
            predictions = [replace(one, plate=plate) for one in pattern.predictions]
            tx.add_plate(row, pattern.plan, wells, predictions)
            tx.add_snapshot(replace(pattern.snapshot, plate=plate))
        tx.set_plate_state(plate, "approved")
        tx.add_samples(plate)
        tx.add_event(EventRow(verb="released", campaign=SLUG, plate=plate))
        if values:
            places = [divmod(place, len(wells)) for place in range(values)]
            rows = [_value(wells[index], lap, rng) for lap, index in places]
            tx.add_upload(UploadRow(campaign=SLUG), [(f"{plate}.csv", plate.encode())], rows)
            for state in ("in_synthesis", "measuring", "complete"):
                tx.set_plate_state(plate, state)


def _value(well: WellRow, lap: int, rng: np.random.Generator) -> MeasurementRow:
    """A conductivity on the first lap over the plate, an oxidation limit on the second."""
    return MeasurementRow(
        campaign=SLUG,
        sample=sample_id(well.plate, well.well),
        formula=well.formula,
        elements=well.elements,
        settings=well.settings,
        property="oxidation_limit" if lap else "ionic_conductivity",
        value=float(rng.normal(4.0, 0.3) if lap else 10 ** rng.normal(-4.0, 0.8)),
        temperature_C=None if lap else 25.0,
        kind=None if lap else "total",
        place=f"{well.plate}.csv, well {well.well}",
    )


__all__ = ["SLUG", "build"]
