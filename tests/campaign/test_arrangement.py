"""Plates whose values stand under the wrong labels: noticed, named, put right; and no false alarms."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alloop.campaign.arrangement import misplaced, true_wells
from alloop.campaign.ledger import Entry
from alloop.errors import UploadError
from alloop.records import PredictionRow, sample_id

PLATES = ("GARNET-003", "GARNET-004")
PLACES = [[sample_id("X-001", f"{row}{column}")[-3:] for column in range(1, 9)] for row in "ABCDEFGH"]
LABELS = [label for row in PLACES for label in row]
HOWS = (
    "upside-down",
    "mirrored",
    "flipped",
    "by-columns",
    "one-well-on",
    "one-well-back",
    "one-row-down",
    "one-row-up",
)


def foretold(seed: int, spread: float = 0.8, sd: float = 0.4) -> dict[tuple[str, str], PredictionRow]:
    """Predictions of every well of two plates; wells differ by `spread` decades."""
    rng = np.random.default_rng(seed)
    return {
        (plate, label): PredictionRow(
            plate=plate,
            well=label,
            property="ionic_conductivity",
            unit="S/cm",
            median=10 ** (-4 + spread * rng.normal()),
            low90=1e-9,
            high90=1.0,
            sd=sd,
            scale="log10",
        )
        for plate in PLATES
        for label in LABELS
    }


def measured(
    rows: dict[tuple[str, str], PredictionRow], seed: int, how: str | None = None, offset: float = 0.3
) -> list[Entry]:
    """Values of the first plate as they come under its labels when it was measured `how`."""
    rng = np.random.default_rng([seed, 1])
    plate = PLATES[0]
    true = {place: row.median * 10 ** (offset + row.sd * rng.normal() / 1.5) for place, row in rows.items()}
    wells = true_wells({plate: how}, PLACES, PLATES)[plate] if how else lambda label: (plate, label)
    return [
        Entry(plate, label, "ionic_conductivity", rows[plate, label], true[wells(label)], "exact")
        for label in LABELS
        if wells(label) is not None
    ]


@pytest.mark.parametrize("how", [*HOWS, PLATES[1]])
def test_every_arrangement_is_recognised(how: str) -> None:
    rows = foretold(1)
    (found,) = misplaced(measured(rows, 1, how), rows.values(), PLACES)
    assert (found.plate, found.how) == (PLATES[0], how)
    assert found.decades > 4
    assert f"--arranged {PLATES[0]}={how}" in str(found.as_problem())


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**31), st.sampled_from([0.1, 0.4, 0.8]), st.sampled_from([0.2, 0.4, 1.7]))
def test_a_plate_as_labelled_gives_no_alarm(seed: int, spread: float, sd: float) -> None:
    rows = foretold(seed, spread, sd)
    assert misplaced(measured(rows, seed), rows.values(), PLACES) == ()


@pytest.mark.parametrize("seed", range(24))
def test_wrong_and_sure_predictions_give_no_alarm(seed: int) -> None:
    # what was foretold from others' publications and holds for none of the own samples
    rows, truth = foretold(seed, spread=1.0, sd=0.15), foretold(seed + 1000, spread=1.0, sd=0.15)
    plate = PLATES[0]
    entries = [
        Entry(plate, label, "ionic_conductivity", rows[plate, label], truth[plate, label].median, "exact")
        for label in LABELS
    ]
    assert misplaced(entries, rows.values(), PLACES) == ()


def test_where_nothing_is_foretold_nothing_is_said() -> None:
    # the first plate of a campaign: predictions as wide as all that is plausible
    rows = foretold(2, spread=0.3, sd=1.7)
    assert misplaced(measured(rows, 2, "upside-down"), rows.values(), PLACES) == ()
    assert misplaced(measured(foretold(3), 3, "upside-down")[:8], foretold(3).values(), PLACES) == ()


@pytest.mark.parametrize("how", HOWS)
def test_every_label_belongs_to_at_most_one_well(how: str) -> None:
    belongs = true_wells({PLATES[0]: how}, PLACES, PLATES)[PLATES[0]]
    places = [place for label in LABELS if (place := belongs(label)) is not None]
    assert len(set(places)) == len(places)
    assert len(places) >= len(LABELS) - len(PLACES[0])


def test_upside_down_means_the_opposite_corner() -> None:
    belongs = true_wells({PLATES[0]: "upside-down"}, PLACES, PLATES)[PLATES[0]]
    assert belongs("A01") == (PLATES[0], "H08")
    assert belongs("B03") == (PLATES[0], "G06")


@pytest.mark.parametrize("arranged", [{PLATES[0]: "sideways"}, {"GARNET-009": "mirrored"}])
def test_unknown_arrangements_are_refused(arranged: dict[str, str]) -> None:
    with pytest.raises(UploadError, match=r"no arrangement|no plate"):
        true_wells(arranged, PLACES, PLATES)
