"""Sampling, streaming, neighbours and summaries."""

from fractions import Fraction

import numpy as np
import pytest
from scipy.stats import chisquare
from space_builders import make_space, site, substituent

from alloop.space import Limits, Process, Setting, SiteSpace

ROUTE = Setting("route", "", ("milled", "solution", None))
HOURS = Setting("hours", "h", (Fraction(1), Fraction(5), Fraction(20)), unless=(("route", None),))


@pytest.fixture(scope="module")
def space() -> SiteSpace:
    levels = "0.05 0.1 0.15 0.2"
    dopants = [substituent(symbol, levels) for symbol in ("Zn2+", "Mn2+", "In3+", "Sc3+", "Zr4+")]
    return make_space(
        site("M", "1", "Mg2+", *dopants),
        site("X", "4", "Cl-", substituent("Br-", "0.5 1", dopant=False)),
        li=("1.6", "2"),
        limits=Limits(max_dopants=3),
        process=Process((ROUTE, HOURS)),
    )


def test_samples_are_distinct_and_uniform(space: SiteSpace) -> None:
    rng = np.random.default_rng(0)
    drawn = np.concatenate([space.sample(200, rng) for _ in range(100)])
    assert all(len(set(part.tolist())) == 200 for part in np.split(drawn, 100))
    counts = np.bincount(drawn * 20 // space.size, minlength=20)
    assert chisquare(counts).pvalue > 1e-3


def test_a_sample_of_everything_is_everything(space: SiteSpace) -> None:
    rng = np.random.default_rng(0)
    assert sorted(space.sample(space.size, rng).tolist()) == list(range(space.size))
    assert len(space.sample(2 * space.size, rng)) == 2 * space.size
    assert len(space.sample(0, rng)) == 0


def test_the_same_seed_draws_the_same(space: SiteSpace) -> None:
    first, second = (space.sample(50, np.random.default_rng(3)).tolist() for _ in range(2))
    assert first == second


def test_streaming_passes_every_candidate_once(space: SiteSpace) -> None:
    blocks = list(space.stream(1000))
    assert np.concatenate(blocks).tolist() == list(range(space.size))
    assert max(len(block) for block in blocks) == 1000


def test_blocks_agree_with_candidates(space: SiteSpace) -> None:
    ranks = space.sample(50, np.random.default_rng(1))
    block = space.decode(ranks)
    elements = space.element_amounts(block)
    for row, rank in enumerate(ranks.tolist()):
        candidate = space.candidate(rank)
        amounts = {(group, label): n for group, held in candidate.parts for label, n in held}
        for column, value in zip(space.columns, block.amounts[row], strict=True):
            assert value == float(amounts.get((column.group, column.label), 0))
        totals = dict(zip(space.elements, elements[row].tolist(), strict=True))
        assert {e: n for e, n in totals.items() if n > 1e-12} == pytest.approx(
            {e: float(n) for e, n in candidate.elements}
        )
        assert candidate.settings == space.process.values(block.settings[row])


def test_the_summary_adds_up(space: SiteSpace) -> None:
    summary = space.summary()
    assert summary.size == space.size == sum(summary.by_dopant_count.values())
    assert sum(summary.by_setting["route"].values()) == space.size
    assert sum(summary.by_setting["hours"].values()) == space.size * 6 // 7  # not where there is no route
    counted = np.bincount([len(space.candidate(rank).dopants) for rank in range(0, space.size, 97)])
    assert len(counted) == 4


def test_neighbours_are_near_and_mutual(space: SiteSpace) -> None:
    for rank in space.sample(10, np.random.default_rng(2)).tolist():
        near = space.neighbours(rank)
        assert rank not in near
        assert (np.diff(near) > 0).all()
        assert near.min() >= 0
        assert near.max() < space.size
        own = space.decode(np.array([rank]))
        others = space.decode(near)
        changed = (others.amounts[:, 1:-1] != own.amounts[:, 1:-1]).sum(axis=1)  # without host and lithium
        assert changed.max() <= 3  # two species, and the chloride that makes room
        same_settings = (others.settings == own.settings).all(axis=1)
        same_amounts = (others.amounts == own.amounts).all(axis=1)
        assert (same_settings | same_amounts).all()
        assert same_amounts.any()


def test_every_candidate_can_be_walked_to() -> None:
    dopants = [substituent(symbol, "0.1 0.2") for symbol in ("Zn2+", "In3+", "Zr4+")]
    small = make_space(site("M", "1", "Mg2+", *dopants), site("X", "4", "Cl-"), li=("1.5", "2"))
    seen, frontier = {0}, [0]
    while frontier:
        frontier = sorted({int(n) for rank in frontier for n in small.neighbours(rank)} - seen)
        seen.update(frontier)
    assert len(seen) == small.size


def test_a_level_is_stepped_and_a_dopant_swapped() -> None:
    dopants = [substituent(symbol, "0.1 0.2 0.3") for symbol in ("Zn2+", "Mn2+")]
    small = make_space(site("M", "1", "Mg2+", *dopants), site("X", "4", "Cl-"), limits=Limits(max_dopants=1))
    start = small.find("M=Mg2+:9/10,Zn2+:1/10;X=Cl-:4;+=Li+:2|")
    keys = {small.candidate(int(rank)).parts[0][1] for rank in small.neighbours(start)}
    tenth, fifth, rest = Fraction(1, 10), Fraction(1, 5), Fraction(9, 10)
    assert keys == {
        (("Mg2+", Fraction(1)),),
        (("Mg2+", Fraction(4, 5)), ("Zn2+", fifth)),
        (("Mg2+", rest), ("Mn2+", tenth)),
    }
