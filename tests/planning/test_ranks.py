"""Many candidates are found in a space as one by one."""

from dataclasses import replace

import numpy as np
import pytest
from planning_builders import some, spinel

from alloop.planning.ranks import ranks_of


@pytest.mark.parametrize("n", [5, 300])
def test_ranks_of_candidates_inside_and_outside(n: int) -> None:
    space = spinel(max_dopants=3)
    ranks = some(space, n)
    candidates = [space.candidate(int(rank)) for rank in ranks]
    other = spinel("Zn2+ Al3+", levels="0.15 0.3")
    strangers = [other.candidate(rank) for rank in range(other.size)]
    strangers += [
        replace(candidates[0], settings=()),
        replace(candidates[0], settings=(("pressure", "high"),)),
    ]
    found = ranks_of(space, [*candidates, *strangers])
    np.testing.assert_array_equal(found[:n], ranks)
    one_by_one = [space.find(stranger) for stranger in strangers]
    np.testing.assert_array_equal(found[n:], [-1 if rank is None else rank for rank in one_by_one])
    assert (found[n:] < 0).any()
