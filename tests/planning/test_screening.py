"""Screening of spaces that are too large to list."""

from dataclasses import replace

import numpy as np
import pytest
from planning_builders import (
    CONDUCTIVITY,
    OXIDATION,
    PURITY,
    problem,
    some,
    spinel,
    truth,
)

from alloop.planning import PlanningProblem, chosen, plan_plate, screen
from alloop.planning.beliefs import Beliefs, learn_all
from alloop.planning.goals import Yardstick, make_yardstick
from alloop.planning.settings import PlateSettings, plate_settings
from alloop.space import SiteSpace

Parts = tuple[PlanningProblem, Beliefs, Yardstick, PlateSettings]


@pytest.fixture(scope="module")
def space() -> SiteSpace:
    return spinel(dopants="Zn2+ Mn2+ In3+ Zr4+ Sc3+ Al3+", max_dopants=3, levels="0.05 0.1 0.15 0.2 0.25 0.3")


@pytest.fixture(scope="module")
def parts(space: SiteSpace) -> Parts:
    ranks = some(space, 60)
    asked = problem(
        space, ranks, objectives=(CONDUCTIVITY, OXIDATION), constraints=(PURITY,), failed=[5, 6, 7]
    )
    background = asked.features.of_block(space.decode(some(space, 500, 2)))
    beliefs = learn_all(asked, background, 0, print)
    yardstick = make_yardstick(asked.objectives, asked.observations)
    return asked, beliefs, yardstick, plate_settings(space.process, {})


def screened(parts: Parts, n_keep: int = 300) -> tuple[np.ndarray, int]:
    return screen.screen(*parts, n_keep, np.random.default_rng(0), lambda _: None)


def test_every_candidate_is_scored_and_the_best_are_kept(space: SiteSpace, parts: Parts) -> None:
    ranks, count = screened(parts)
    assert count == space.size > 5000
    assert (np.diff(ranks) > 0).all()
    assert len(ranks) <= 600
    asked, beliefs, yardstick, _ = parts
    features = asked.features.of_block(space.decode(np.arange(space.size)))
    for k, entry in enumerate(yardstick.objectives):
        mean, _ = beliefs.properties[entry.property].latent(features)
        mean = np.where(beliefs.p_feasible(features) > 0.5, yardstick.sign[k] * mean, -np.inf)
        assert mean[ranks].max() >= np.sort(mean)[-20]


def test_blocks_do_not_matter_to_the_best(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    whole, _ = screened(parts)
    monkeypatch.setattr(screen, "BLOCK", 500)
    pieces, count = screened(parts)
    assert count == parts[0].space.size
    assert np.isin(whole, pieces).mean() > 0.5


def test_the_list_stays_short_over_many_blocks(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen, "BLOCK", 64)
    ranks, _ = screened(parts, 200)
    assert len(ranks) <= 400
    spread = np.histogram(ranks, bins=10, range=(0, parts[0].space.size))[0]
    assert (spread > 0).all()


def test_larger_spaces_are_sampled_and_searched(parts: Parts, monkeypatch: pytest.MonkeyPatch) -> None:
    asked, beliefs, yardstick, _ = parts
    monkeypatch.setattr(screen, "EXHAUSTIVE", 1000)
    monkeypatch.setattr(screen, "BLOCK", 40)
    monkeypatch.setattr(screen, "_SAMPLED_BLOCKS", 8)
    ranks, count = screened(parts)
    assert 8 * 40 < count < asked.space.size
    assert len(ranks) == len(set(ranks.tolist()))
    everything = asked.features.of_block(asked.space.decode(np.arange(asked.space.size)))
    sampled = np.random.default_rng(0).permutation(asked.space.size)[:320]
    mean = yardstick.sign[0] * beliefs.properties["ionic_conductivity"].latent(everything)[0]
    mean = np.where(beliefs.p_feasible(everything) > 0.5, mean, -np.inf)
    assert mean[ranks].max() > mean[sampled].max() - 1e-9


def test_what_is_excluded_or_known_is_not_kept(space: SiteSpace, parts: Parts) -> None:
    asked, *rest = parts
    first, _ = screened(parts)
    out = frozenset(space.candidate(int(rank)).key for rank in first[:20])
    waiting = tuple(space.candidate(int(rank)) for rank in first[20:40])
    asked = replace(asked, excluded_keys=out, excluded_elements=frozenset({"Al"}), pending=waiting)
    ranks, _ = screened((asked, *rest))
    block = space.decode(ranks)
    assert not space.element_amounts(block)[:, space.elements.index("Al")].any()
    assert not np.isin(first[:40], ranks).any()
    known = [space.find(sample.candidate) for sample in asked.made]
    assert not np.isin(known, ranks).any()


@pytest.mark.parametrize("limit", [20_000_000, 1000])
def test_a_space_that_is_excluded_whole(parts: Parts, limit: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(screen, "EXHAUSTIVE", limit)
    monkeypatch.setattr(screen, "_SAMPLED_BLOCKS", 2)
    asked = replace(parts[0], excluded_elements=frozenset({"Mg"}))
    assert len(screened((asked, *parts[1:]))[0]) == 0


def test_plates_do_not_depend_on_threads(space: SiteSpace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chosen, "SHORTLIST", 300)
    monkeypatch.setattr(screen, "BLOCK", 700)
    asked = problem(space, some(space, 40), rules={"random": 1})
    plans = []
    for threads in ("1", "2"):
        monkeypatch.setenv("ALLOOP_THREADS", threads)
        plans.append(replace(plan_plate(asked, 4), seconds={}))
    assert plans[0] == plans[1]
    assert plans[0].candidates_screened == space.size
    values = truth(space, [w.rank for w in plans[0].wells])["ionic_conductivity"]
    assert np.median(values) > np.median(truth(space, some(space, 500))["ionic_conductivity"])


def test_a_plate_from_a_space_above_the_limit(space: SiteSpace, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chosen, "SHORTLIST", 300)
    monkeypatch.setattr(screen, "EXHAUSTIVE", 1000)
    monkeypatch.setattr(screen, "BLOCK", 100)
    monkeypatch.setattr(screen, "_SAMPLED_BLOCKS", 6)
    plan = plan_plate(problem(space, some(space, 40), rules={"random": 1}), 4)
    assert len({well.candidate.recipe_key for well in plan.wells}) == 12
    assert 600 < plan.candidates_screened < space.size
