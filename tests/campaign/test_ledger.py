"""Frozen predictions against what came."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import norm

from alloop.campaign.ledger import Entry, Score, comparison_of, foretold, score, score_by_plate
from alloop.records import PredictionRow, SnapshotRow


def entry(
    value: float, bound: str = "exact", centre: float = -4.0, sd: float = 0.5, plate: str = "P-001"
) -> Entry:
    """A value of a property foretold as 10 ** (centre ± sd)."""
    half = 1.6448536 * sd
    expected = PredictionRow(
        plate=plate, well="A01", property="ionic_conductivity", unit="S/cm", median=10**centre,
        low90=10 ** (centre - half), high90=10 ** (centre + half), sd=sd, scale="log10",
    )  # fmt: skip
    return Entry(plate, "A01", "ionic_conductivity", expected, value, bound)


def scored(*entries: Entry) -> Score:
    return score(comparison_of(entries))["ionic_conductivity"]


@settings(max_examples=50, deadline=None)
@given(st.floats(-8, 0), st.floats(-6, -2), st.floats(0.05, 2))
def test_exact_values_score_by_their_density(value: float, centre: float, sd: float) -> None:
    found = scored(entry(10**value, "exact", centre, sd))
    assert found.log_score == pytest.approx(norm.logpdf(value, centre, sd), abs=1e-6)
    is_inside = abs(value - centre) <= 1.6448536 * sd
    assert found.coverage90 == is_inside or abs(abs(value - centre) - 1.6448536 * sd) < 1e-9


@settings(max_examples=50, deadline=None)
@given(st.floats(-8, 0))
def test_bounds_score_by_their_chance(limit: float) -> None:
    below, above = scored(entry(10**limit, "below")), scored(entry(10**limit, "above"))
    assert math.exp(below.log_score) + math.exp(above.log_score) == pytest.approx(1.0)
    assert below.log_score == pytest.approx(norm.logcdf(limit, -4.0, 0.5), abs=1e-6)
    assert 1.0 in (below.coverage90, above.coverage90)


def test_scores_are_kept_by_property() -> None:
    found = scored(entry(1e-4), entry(1e-4), entry(1e-1))
    assert found.n == 3
    assert found.coverage90 == pytest.approx(2 / 3)
    assert score(comparison_of([])) == {}


def test_where_nobody_can_tell_there_is_no_log_score() -> None:
    assert math.isnan(scored(entry(0.0)).log_score)
    assert math.isnan(scored(entry(1e-4, sd=0.0)).log_score)
    told = scored(entry(0.0), entry(1e-4))
    assert (told.n, told.coverage90) == (2, 0.5)
    assert told.log_score == pytest.approx(scored(entry(1e-4)).log_score)


@settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.tuples(st.floats(-6, -2), st.sampled_from(["P-001", "P-002", "P-010"])), min_size=1, max_size=30
    )
)
def test_rounds_add_up_to_the_whole(values: list[tuple[float, str]]) -> None:
    entries = [entry(10**value, plate=plate) for value, plate in values]
    whole, rounds = scored(*entries), score_by_plate(comparison_of(entries))["ionic_conductivity"]
    assert list(rounds) == sorted({plate for _, plate in values})
    assert sum(one.n for one in rounds.values()) == whole.n == len(values)
    assert sum(one.n * one.coverage90 for one in rounds.values()) == pytest.approx(whole.n * whole.coverage90)
    assert sum(one.n * one.log_score for one in rounds.values()) == pytest.approx(whole.n * whole.log_score)


@settings(max_examples=50, deadline=None)
@given(st.floats(-8, 0), st.sampled_from(["exact", "below", "above"]))
def test_surprise_is_the_distance_from_what_was_foretold(value: float, bound: str) -> None:
    found = entry(10**value, bound)
    far = abs(value + 4.0) / 0.5
    leaves_room = (bound == "below" and value > -4.0) or (bound == "above" and value < -4.0)
    assert found.surprise == pytest.approx(0.0 if leaves_room else far, abs=1e-6)
    if bound == "exact":
        covered = scored(found).coverage90 == 1.0
        assert (found.surprise <= 1.6448536) == covered or abs(far - 1.6448536) < 1e-6


def test_errors_are_told_in_the_models_own_deviations() -> None:
    models = {"ionic_conductivity": {"interval_factor": 2.0}}
    snapshots = [
        SnapshotRow(campaign="c", plate="P-001", content={"models": {"ionic_conductivity": {"n": 3}}}),
        SnapshotRow(campaign="c", plate="P-002", content={"models": models}),
    ]
    entries = [
        entry(10**-3.5), entry(1e-3, "below"), entry(0.0), entry(10**-4.5, plate="P-002"),
    ]  # fmt: skip
    found = foretold(entries, snapshots)
    assert np.concatenate(found["ionic_conductivity"]) == pytest.approx([1.0, -2.0])
    assert len(found["ionic_conductivity"]) == 2
    assert foretold([], snapshots) == {}
