"""How a campaign's aim becomes shares of the wells."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alloop.planning.aims import well_shares

AIMS = st.dictionaries(st.sampled_from(["front", "hits", "best", "map"]), st.floats(0.01, 100.0), min_size=1)


def test_at_least_half_of_what_looks_for_good_ones_goes_to_hits() -> None:
    assert well_shares({"best": 1.0}) == {"best": 0.5, "hits": 0.5}
    assert well_shares({"front": 3.0, "map": 1.0}) == {"front": 0.375, "hits": 0.375, "map": 0.25}
    assert well_shares({"front": 0.6, "best": 0.2, "hits": 0.2}) == pytest.approx(
        {"front": 0.375, "best": 0.125, "hits": 0.5}
    )


def test_other_weights_are_kept() -> None:
    assert well_shares({"front": 3.0, "hits": 7.0}) == {"front": 0.3, "hits": 0.7}
    assert well_shares({"map": 2.0, "hits": 0.0}) == {"map": 1.0}


@given(AIMS)
def test_shares_add_up_and_keep_their_order(aim: dict[str, float]) -> None:
    found = well_shares(aim)
    assert sum(found.values()) == pytest.approx(1.0)
    assert min(found.values()) > 0.0
    assert found.get("map", 0.0) == pytest.approx(aim.get("map", 0.0) / sum(aim.values()))
    good = sum(found.get(name, 0.0) for name in ("front", "best", "hits"))
    assert found.get("hits", 0.0) >= 0.5 * good - 1e-9
    if "front" in aim and "best" in aim:
        assert found["front"] / found["best"] == pytest.approx(aim["front"] / aim["best"])
