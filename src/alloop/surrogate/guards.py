"""What a property is learned from: suspect values and misleading literature are left out, and it is said.

A value that is suspect by itself is left out. A plate that is off as a whole still tells how its samples compare with
each other: its values are brought to the level that the other plates expect, so that only their differences count.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from alloop.arrays import BoolArray, FloatArray, IntArray
from alloop.surrogate.belief import Belief, learn
from alloop.surrogate.cross_validation import log_density, make_folds
from alloop.surrogate.data import Observations
from alloop.surrogate.doubts import Suspect
from alloop.surrogate.gp import GaussianProcess, fit_gp
from alloop.surrogate.outliers import find_suspects

_FOLDS = 5
_OWN_ROWS = 8
_WORSE = (
    1.0  # nats over all own values by which literature may predict them worse: within the luck of few rows
)


@dataclass(frozen=True)
class Guarded:
    """A belief and what it was not learned from.

    Attributes:
        belief: what is believed.
        suspects: own values that were left out, or brought to the level of the other plates if they have siblings;
            their rows count in the observations that were given.
        literature_left_out: literature that predicts the own values worse than they predict each other.
    """

    belief: Belief
    suspects: tuple[Suspect, ...]
    literature_left_out: bool


def learn_guarded(
    data: Observations,
    seed: int,
    background: FloatArray | None = None,
    blocks: IntArray | None = None,
    *,
    decades: bool = False,
    confirmed: BoolArray | None = None,
) -> Guarded:
    """Learn one property from what deserves it; the arguments are those of `learn` and `find_suspects`."""
    process = fit_gp(data, background, blocks)
    suspects = find_suspects(data, process, background, blocks, decades=decades, confirmed=confirmed)
    cleaned, clean_process = _cleaned(data, process, suspects, background, blocks)
    misleading = literature_misleads(cleaned, clean_process, seed, background, blocks)
    if misleading:  # it may have made good values look wrong
        own = np.flatnonzero(data.sources == 0)
        alone = data.rows(own)
        process = fit_gp(alone, background, blocks)
        vouched = None if confirmed is None else confirmed[own]
        found = find_suspects(alone, process, background, blocks, decades=decades, confirmed=vouched)
        cleaned, clean_process = _cleaned(alone, process, found, background, blocks)
        suspects = tuple(replace(suspect, row=int(own[suspect.row])) for suspect in found)
    return Guarded(learn(cleaned, seed, background, blocks, process=clean_process), suspects, misleading)


def _cleaned(
    data: Observations,
    process: GaussianProcess,
    suspects: tuple[Suspect, ...],
    background: FloatArray | None,
    blocks: IntArray | None,
) -> tuple[Observations, GaussianProcess]:
    """The observations without suspects, whole plates brought to the others' level, and a process fitted to them."""
    if not suspects:
        return data, process
    values = data.values.copy()
    for suspect in suspects:
        values[suspect.row] -= suspect.shift
    single = [suspect.row for suspect in suspects if not suspect.siblings]
    data = replace(data, values=values).rows(np.setdiff1d(np.arange(len(data)), single))
    return data, fit_gp(data, background, blocks)


def literature_misleads(
    data: Observations,
    process: GaussianProcess,
    seed: int,
    background: FloatArray | None = None,
    blocks: IntArray | None = None,
) -> bool:
    """Whether the own values are predicted worse with literature than without it, by held-out log score.

    Args:
        data: own values and literature.
        process: fitted to all of it.
        seed: of the folds.
        background, blocks: as `process` was fitted with.
    """
    own = np.flatnonzero(data.sources == 0)
    if len(own) < _OWN_ROWS or len(own) == len(data):
        return False
    alone = data.rows(own)
    without = fit_gp(alone, background, blocks)
    difference = 0.0
    for fold in make_folds(alone, _FOLDS, np.random.default_rng(seed)):
        held = alone.rows(fold.test)
        kept = np.setdiff1d(np.arange(len(data)), own)
        kept = kept[~np.isin(data.recipes[kept], held.recipes)]
        kept = np.sort(np.concatenate([own[fold.train], kept]))
        with_it = log_density(*process.leave_out(own[fold.test], kept), held.values, held.bounds)
        without_it = log_density(*without.leave_out(fold.test, fold.train), held.values, held.bounds)
        difference += float((with_it - without_it).sum())
    return difference < -_WORSE
