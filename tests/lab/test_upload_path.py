"""What the synthetic laboratory hands over goes through the same door as any laboratory's table."""

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest

from alloop.campaign_file import load_campaign
from alloop.ingest import ParsedUpload, ResultsContext, conditions_of, parse_results, read_table
from alloop.lab import Delivery, SyntheticLaboratory
from alloop.records import SampleRow
from alloop.space import Candidate

CAMPAIGNS = Path(__file__).parents[2] / "campaigns"
PLATE = "HALIDE-SPINEL-001"


@pytest.fixture(scope="module")
def plate() -> tuple[SyntheticLaboratory, dict[str, Candidate], ResultsContext]:
    file = load_campaign(CAMPAIGNS / "halide_spinel.yaml")
    lab = SyntheticLaboratory(file.space, file.objectives, file.constraints, seed=4, observe=file.observe)
    ranks = file.space.sample(64, np.random.default_rng(4))
    labels = [f"{row}{column}" for row in "ABCDEFGH" for column in range(1, 9)]
    wells = {label: file.space.candidate(int(rank)) for label, rank in zip(labels, ranks, strict=True)}
    samples = tuple(
        SampleRow(
            recorded_at=datetime(2026, 1, 1, tzinfo=UTC),
            recorded_by="test",
            id=f"{PLATE}-{label[0]}0{label[1]}",
            campaign=file.slug,
            plate=PLATE,
            well=f"{label[0]}0{label[1]}",
            formula=candidate.formula,
            elements=dict(candidate.elements),
            settings=candidate.process,
        )
        for label, candidate in wells.items()
    )
    context = ResultsContext(
        file.slug,
        samples=samples,
        settings=file.space.process.settings,
        conditions=conditions_of([*file.objectives, *file.constraints]),
    )
    return lab, wells, context


def upload(
    plate: tuple[SyntheticLaboratory, dict[str, Candidate], ResultsContext], delivery: Delivery
) -> ParsedUpload:
    lab, wells, context = plate
    table = lab.measure(PLATE, wells, delivery)
    return parse_results(read_table(table.to_csv(index=False).encode(), "results.csv"), context)


def test_a_measured_plate_is_accepted_without_a_remark(plate) -> None:
    parsed = upload(plate, "first")
    assert parsed.problems == ()
    assert parsed.warnings == ()
    assert len(parsed.statuses) == 64
    names = {measurement.row.property for measurement in parsed.measurements}
    assert names == set(plate[0].properties)
    sigma = [m.row for m in parsed.measurements if m.row.property == "ionic_conductivity"]
    assert len(sigma) > 40
    assert {(row.temperature_C, row.kind) for row in sigma} == {(25.0, "total")}


def test_late_results_are_further_measurements_of_the_same_wells(plate) -> None:
    first, late, whole = (upload(plate, delivery) for delivery in ("first", "late", "all"))
    assert late.problems == ()
    assert len(late.statuses) == 0
    assert len(late.measurements) > 0
    assert len(first.measurements) + len(late.measurements) == len(whole.measurements)
