"""What a model sees of candidates, literature rows and histories."""

from fractions import Fraction

import numpy as np
import pytest
from space_builders import make_space, site, substituent

from alloop.space import FeatureMap, Limits, Process, Setting, SiteSpace

ROUTE = Setting("route", "", ("milled", "solution"))
ANNEAL = Setting("anneal", "degC", (None, Fraction(300), Fraction(400)), "plate")
HOURS = Setting("hours", "h", (Fraction(1), Fraction(10)), unless=(("anneal", None),))
GAS = Setting("gas", "", ("argon",))


@pytest.fixture(scope="module")
def space() -> SiteSpace:
    entries = (substituent("Y3+", "0.1 0.2"), substituent("Sc3+", "0.1 0.2"))
    return make_space(
        site("La", "3", "La3+", *entries),
        site("Zr", "2", "Zr4+", *entries, substituent("Ta5+", "0.5")),
        site("O", "12", "O2-"),
        limits=Limits(max_dopants=2),
        process=Process((ROUTE, ANNEAL, HOURS, GAS)),
    )


def test_blocks_and_compositions_agree(space: SiteSpace) -> None:
    features = FeatureMap(space)
    ranks = space.sample(300, np.random.default_rng(0))
    seen = features.of_block(space.decode(ranks))
    made = [space.candidate(int(rank)) for rank in ranks]
    again = features.of_compositions([c.amounts for c in made], [c.process for c in made])
    assert seen.shape == (300, len(features.names))
    assert np.isfinite(seen).all()
    assert np.abs(seen - again).max() < 1e-9


def test_features_do_not_hang_on_the_scale_of_a_formula(space: SiteSpace) -> None:
    features = FeatureMap(space)
    single = {"Li": Fraction(7), "La": Fraction(3), "Zr": Fraction(2), "O": Fraction(12)}
    double = {element: 2 * amount for element, amount in single.items()}
    one, two = features.of_compositions([single, double], [{}, {}])
    assert one == pytest.approx(two, abs=1e-12)


def test_what_varies_is_a_feature(space: SiteSpace) -> None:
    names = FeatureMap(space).names
    assert [name for name in names if name.endswith(" fraction")] == [
        "La fraction", "Li fraction", "Sc fraction", "Ta fraction", "Y fraction", "Zr fraction",
    ]  # fmt: skip
    assert names[-6:] == (
        "route = milled", "route = solution", "anneal", "anneal applies", "log10 hours", "hours applies",
    )  # fmt: skip


def test_settings_that_are_absent_or_unknown(space: SiteSpace) -> None:
    features = FeatureMap(space)
    amounts = [{"Li": Fraction(7), "La": Fraction(3), "Zr": Fraction(2), "O": Fraction(12)}] * 3
    levels = [
        {"route": "milled", "anneal": None},
        {"route": "cast", "anneal": Fraction(1000), "hours": Fraction(100)},
        {},
    ]
    assert features.of_compositions(amounts, levels)[:, -6:].tolist() == [
        [1, 0, 350, 0, 0.5, 0],
        [0, 0, 1000, 1, 2, 1],
        [0, 0, 350, 0, 0.5, 0],
    ]


def test_foreign_elements_are_seen_by_the_descriptors(space: SiteSpace) -> None:
    features = FeatureMap(space)
    own = {"Li": Fraction(7), "La": Fraction(3), "Zr": Fraction(2), "O": Fraction(12)}
    foreign = {**own, "Zr": Fraction(1), "Hf": Fraction(1)}
    first, second = features.of_compositions([own, foreign], [{}, {}])
    assert np.isfinite(second).all()
    assert np.abs(first - second).max() > 1e-3


def test_no_rows(space: SiteSpace) -> None:
    features = FeatureMap(space)
    assert features.of_compositions([], []).shape == (0, len(features.names))
    empty = space.decode(np.zeros(0, dtype=np.int64))
    assert features.of_block(empty).shape == (0, len(features.names))
    assert features.of_block_sites(empty).shape == (0, len(features.site_names))


def test_the_split_between_sites_tells_doubles_apart(space: SiteSpace) -> None:
    features = FeatureMap(space)
    assert features.site_names == ("Sc on La", "Y on La")
    keys = (
        "La=La3+:29/10,Sc3+:1/10;O=O2-:12;Zr=Y3+:1/10,Zr4+:19/10",
        "La=La3+:29/10,Y3+:1/10;O=O2-:12;Zr=Sc3+:1/10,Zr4+:19/10",
    )
    rest = ";+=Li+:71/10|anneal=none;gas=argon;route=milled"
    ranks = np.array([space.find(key + rest) for key in keys])
    block = space.decode(ranks)
    first, second = features.of_block(block)
    assert first == pytest.approx(second, abs=1e-12)
    split = features.of_block_sites(block)
    assert split.tolist() == [pytest.approx([0.1 / 24.1, 0]), pytest.approx([0, 0.1 / 24.1])]
