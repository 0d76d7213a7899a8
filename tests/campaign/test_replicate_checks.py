"""A value far off its replicates is pointed at; usual spread is not."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from campaign_shell import TEXT

from alloop.campaign.replicate_checks import unlike_replicates
from alloop.campaign_file import CampaignFile, parse_campaign
from alloop.chemistry import parse_formula
from alloop.records import MeasurementRow

PLATE = "SMALL-SPINEL-001"
ELEMENTS = parse_formula("Li2MgCl4")


@pytest.fixture(scope="module")
def file() -> CampaignFile:
    return parse_campaign(TEXT, Path(), complete=False)


def measured(values: dict[str, tuple[str, float]]) -> tuple[list[MeasurementRow], dict[str, str]]:
    """Values of samples of some recipes (well -> (recipe, conductivity in S/cm)), and the samples' recipes."""
    rows = [
        MeasurementRow(
            campaign="small-spinel",
            property="ionic_conductivity",
            value=number,
            sample=f"{PLATE}-{label}",
            temperature_C=25.0,
            kind="total",
            formula="Li2MgCl4",
            elements=ELEMENTS,
        )
        for label, (_, number) in values.items()
    ]
    return rows, {f"{PLATE}-{label}": recipe for label, (recipe, _) in values.items()}


def plate(far: float = 1.0) -> dict[str, tuple[str, float]]:
    """Four recipes made twice, 0.1 decades of spread; the last sample is off by a factor."""
    rng = np.random.default_rng(0)
    values = {
        f"{row}{column}": (row, 1e-4 * 10 ** (0.1 * rng.normal())) for row in "ABCD" for column in (1, 2)
    }
    recipe, number = values["D2"]
    return {**values, "D2": (recipe, number * far)}


@pytest.mark.parametrize("far", [30.0, 0.02])
def test_a_sample_far_off_is_named_with_what_its_replicate_says(file: CampaignFile, far: float) -> None:
    found = unlike_replicates(file, *measured(plate(far)), {f"{PLATE}-D2"})
    assert [problem.where for problem in found] == [f"sample {PLATE}-D2"]
    assert "another sample of the same recipe" in found[0].what
    assert "alloop suspect" in found[0].mend


def test_usual_spread_is_not_remarked_on(file: CampaignFile) -> None:
    names = {f"{PLATE}-{label}" for label in plate()}
    assert unlike_replicates(file, *measured(plate()), names) == ()


def test_only_new_samples_are_spoken_of(file: CampaignFile) -> None:
    assert unlike_replicates(file, *measured(plate(30.0)), {f"{PLATE}-A1"}) == ()


def test_too_few_replicates_tell_nothing(file: CampaignFile) -> None:
    few = {label: value for label, value in plate(30.0).items() if label.startswith("D")}
    assert unlike_replicates(file, *measured(few), {f"{PLATE}-D2"}) == ()
