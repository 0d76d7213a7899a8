"""What a well is worth, and how turns are dealt out."""

from collections import Counter

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alloop.planning.components import Front, Scored
from alloop.planning.explorers import Cover, Map
from alloop.planning.goals import lengths, weight_directions
from alloop.planning.select import fill, worth


class AnyWell:
    """A plate's rules that forbid nothing but the same candidate twice."""

    def __init__(self, n: int) -> None:
        self.allowed = np.ones(n, dtype=bool)

    def add(self, index: int) -> None:
        self.allowed[index] = False


def make_front(
    seed: int, n: int, k: int, draws: int = 12, known: int = 2
) -> tuple[Front, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    goodness, passing = rng.normal(0.3, 0.7, (draws, n + known, k)), rng.random((draws, n + known)) < 0.7
    directions = weight_directions(k, 8, rng)
    front = Front("front", goodness[:, :n], passing[:, :n], goodness[:, n:], passing[:, n:], directions)
    volume = np.maximum(lengths(goodness, directions), 0.0) ** k * passing[..., None]
    return front, volume[:, :n], volume[:, n:].max(axis=1)


@settings(max_examples=50, deadline=None)
@given(seed=st.integers(0, 2**31), n=st.integers(2, 150), k=st.integers(1, 3))
def test_lazy_greedy_is_plain_greedy(seed: int, n: int, k: int) -> None:
    front, volume, reached = make_front(seed, n, k)
    allowed = np.ones(n, dtype=bool)
    for _ in range(min(n, 6)):
        gain = np.maximum(volume - reached[:, None], 0.0).mean(axis=(0, 2))
        index, found = front.best(allowed)
        assert allowed[index]
        assert found == pytest.approx(gain[allowed].max(), abs=1e-5)
        assert gain[index] == pytest.approx(found, abs=1e-5)
        front.add(index)
        np.maximum(reached, volume[:, index], out=reached)
        allowed[index] = False
    assert front.level == pytest.approx(reached.mean(), abs=1e-5)


def test_a_fresh_front_has_forgotten_the_plate() -> None:
    front, *_ = make_front(0, 40, 2)
    everything = np.ones(40, dtype=bool)
    before = front.best(everything)
    other = front.fork()
    for index in range(10):
        other.add(index)
    assert front.best(everything) == before
    assert other.level > front.level


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**31), n=st.integers(2, 120))
def test_lazy_cover_is_plain_facility_location(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    distances, tried = rng.uniform(0, 1, (20, n)), rng.uniform(0, 1, 20)
    tried[rng.random(20) < 0.3] = np.inf
    cover, nearest = Cover(distances, tried), np.minimum(tried, 2.0 * distances.max())
    for _ in range(min(n, 5)):
        gain = np.maximum(nearest[:, None] - distances, 0.0).mean(axis=0)
        index, found = cover.best(np.ones(n, dtype=bool))
        assert found == pytest.approx(gain.max())
        cover.add(index)
        nearest = np.minimum(nearest, distances[:, index])


def test_map_conditions_as_a_gaussian_process_does() -> None:
    rng = np.random.default_rng(0)
    x = np.sort(rng.uniform(0, 1, 9))
    prior = 4.0 * np.exp(-(((x[:, None] - x) / 0.3) ** 2))
    draws = rng.multivariate_normal(np.zeros(9), prior + 1e-9 * np.eye(9), 40_000)
    teach = Map(draws[:, :6, None], draws[:, 6:, None])
    covariance = np.cov(draws.T, bias=True)
    for index in (2, 2, 4):
        gain = (covariance[:6, 6:] ** 2).mean(axis=1) / (np.diag(covariance)[:6] + 1.0)
        best, found = teach.best(np.ones(6, dtype=bool))
        assert best == int(np.argmax(gain))
        assert found == pytest.approx(gain.max(), rel=1e-4)
        teach.add(index)
        column = covariance[:, index].copy()
        covariance -= np.outer(column, column) / (column[index] + 1.0)


def test_turns_follow_the_shares() -> None:
    rng = np.random.default_rng(0)
    components = [(Scored("one", rng.random(100)), 3.0), (Scored("two", rng.random(100)), 1.0)]
    picks = fill(components, AnyWell(100), 40)
    assert Counter(pick.component for pick in picks) == {"one": 30, "two": 10}
    assert len({pick.index for pick in picks}) == 40
    assert worth(picks)["one"] == pytest.approx(sum(p.gain for p in picks if p.component == "one"))
    few = [(Scored("one", rng.random(5)), 1.0)]
    assert len(fill(few, AnyWell(5), 40)) == 5


def test_a_front_with_nothing_to_gain_leaves_its_turns_to_exploration() -> None:
    bad = -np.ones((4, 30, 1))
    front = Front(
        "front", bad, np.ones((4, 30), dtype=bool), bad[:, :0], np.ones((4, 0), dtype=bool), np.ones((1, 1))
    )
    rng = np.random.default_rng(0)
    picks = fill([(front, 0.9), (Cover(rng.random((10, 30)), np.full(10, np.inf)), 0.1)], AnyWell(30), 6)
    assert {pick.component for pick in picks} == {"cover"}
    alone = fill([(front.fork(), 1.0)], AnyWell(30), 3)
    assert len(alone) == 3


def test_a_spent_front_leaves_its_turns_to_the_other_aim() -> None:
    good = np.full((4, 30, 1), 1.0)
    front = Front(
        "front", good, np.ones((4, 30), dtype=bool), good[:, :0], np.ones((4, 0), dtype=bool), np.ones((1, 1))
    )
    picks = fill([(front, 0.5), (Scored("hits", np.arange(30.0)), 0.5)], AnyWell(30), 8)
    assert Counter(pick.component for pick in picks) == {"front": 1, "hits": 7}
