"""What a plate is expected to bring, for the person who decides whether to go on."""

from __future__ import annotations

import numpy as np

from alloop.arrays import IntArray
from alloop.planning.draws import Draws
from alloop.planning.goals import lengths


def relative_gain(draws: Draws, known: IntArray, plate: IntArray, directions: np.ndarray) -> float:
    """Expected relative growth of the hypervolume (of the best value, for one objective) by making a plate.

    Args:
        draws: at n points.
        known: rows that are measured or pending.
        plate: rows of the plan.
        directions: (D, K).

    Returns:
        (HV with plate - HV) / HV, averaged over the draws; for an empty known front the growth itself.
    """
    power = draws.goodness.shape[2]
    reach = np.maximum(lengths(draws.goodness, directions), 0.0) ** power * draws.passing[..., None]
    before = reach[:, known].max(axis=1).mean() if len(known) else 0.0
    rows = np.concatenate([known, plate])
    after = reach[:, rows].max(axis=1).mean() if len(rows) else 0.0
    return float((after - before) / before) if before > 1e-12 else float(after)
