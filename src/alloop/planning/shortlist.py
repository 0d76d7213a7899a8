"""The best of a part of the space, by many scores at once."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from alloop.arrays import IntArray, RealArray


@dataclass(frozen=True)
class Kept:
    """Candidates and their scores: ranks (k,), their shared settings (k,), scores (k, n_scores)."""

    ranks: IntArray
    choices: IntArray
    scores: RealArray

    def rows(self, index: IntArray) -> Kept:
        """Those at `index`."""
        return Kept(self.ranks[index], self.choices[index], self.scores[index])


def merged(parts: Sequence[Kept]) -> Kept:
    """All candidates of the parts, each once, by rank."""
    ranks, first = np.unique(np.concatenate([part.ranks for part in parts]), return_index=True)
    choices = np.concatenate([part.choices for part in parts])[first]
    return Kept(ranks, choices, np.concatenate([part.scores for part in parts])[first])


def best_of(kept: Kept, per_choice: IntArray) -> Kept:
    """The candidates among the best `per_choice` (n_scores,) of some score and choice of shared settings."""
    wanted = np.zeros(len(kept.ranks), dtype=bool)
    for choice in np.unique(kept.choices):
        rows = np.flatnonzero(kept.choices == choice)
        for count in np.unique(per_choice):
            if len(rows) <= count:
                wanted[rows] = True
                continue
            scores = -kept.scores[np.ix_(rows, per_choice == count)]
            wanted[rows[np.argpartition(scores, count - 1, axis=0)[:count].ravel()]] = True
    return kept.rows(np.flatnonzero(wanted))


def spread(ranks: IntArray, count: int) -> IntArray:
    """At most `count` of `ranks`, evenly spaced."""
    if len(ranks) <= count:
        return ranks
    return ranks[np.linspace(0, len(ranks) - 1, count).astype(np.int64)]
