"""Search a space that is too large to list: a population is scored, varied and selected, many directions at once.

It starts from a uniform sample. In every round the network is distilled anew, with judged examples of what is best
so far, and for several generations the best by each score and choice of shared settings have children. Keeping the
best of many scores apart keeps the population diverse.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import torch

from alloop.arrays import IntArray
from alloop.planning.shortlist import spread
from alloop.planning.sieving import (
    BEST_EXAMPLES,
    Top,
    all_ranks,
    best_of_tops,
    fitted_sieve,
    n_best_examples,
    sampled_compositions,
    top_of,
    uniform_examples,
    with_more,
)
from alloop.planning.stream import Listing, Sieve, passed_of
from alloop.planning.study import Study
from alloop.space.coded import CodedSpace
from alloop.space.variation import varied
from alloop.surrogate.distilled import hidden_layer

POPULATION = 524_288
"""Candidates of the uniform sample."""
CHILDREN = 65_536
"""Compositions per generation."""

_ROUNDS = 4
_GENERATIONS = 6
_PARENTS = 64  # by each score and choice
_PER_LISTED = 40
"""Kept by each score and choice, for each that the list takes by the score it takes most by: the network cannot tell
the best from many that are nearly as good, so that all of these are judged at the end. Parents are fewer."""
_PIECE = 4096
_PARTS = 96


def search(
    study: Study,
    listing: Listing,
    device: torch.device,
    rng: np.random.Generator,
    progress: Callable[[str], None],
) -> tuple[IntArray, int]:
    """The best that was found, and the best of many parts of the uniform sample.

    Returns:
        Ranks, sorted and distinct; the number of candidates scored.
    """
    each = len(listing.combinations)
    examples = uniform_examples(study, listing, rng)
    layer = hidden_layer(examples.features, rng)
    sieve = fitted_sieve(study, listing, layer, examples, device)
    seen = sampled_compositions(listing, POPULATION, rng)
    start = seen
    count = max(_PARENTS, n_best_examples(study), _PER_LISTED * int(study.per_choice.max()))
    top = top_of(study, sieve, seen, count)
    for _ in range(_ROUNDS):
        best = all_ranks(top, n_best_examples(study))
        examples = with_more(study, examples, spread(best, BEST_EXAMPLES))
        sieve = fitted_sieve(study, listing, layer, examples, device)
        alive = all_ranks(top) // study.problem.space.repeat
        top = top_of(study, sieve, np.unique(alive), count)
        for _ in range(_GENERATIONS):
            children = _children(study, top, seen, rng)
            if not len(children):
                break
            seen = np.union1d(seen, children)
            born = top_of(study, sieve, children, count)
            top = {choice: best_of_tops([top[choice], born[choice]], count) for choice in top}
            progress(f"searching: {len(seen) * each:,} candidates of {study.problem.space.size:,}")
    return np.union1d(all_ranks(top), _everywhere(study, sieve, start)), len(seen) * each


def _children(study: Study, top: dict[int, Top], seen: IntArray, rng: np.random.Generator) -> IntArray:
    """Up to `CHILDREN` new compositions (sorted) from the best ones."""
    space = study.problem.space
    if not isinstance(space, CodedSpace):
        return np.zeros(0, dtype=np.int64)
    parents = np.unique(all_ranks(top, _PARENTS) // space.repeat)
    drawn = rng.choice(parents, size=CHILDREN)
    pieces = [drawn[start : start + _PIECE] for start in range(0, len(drawn), _PIECE)]
    seeds = rng.integers(2**63, size=len(pieces))
    found = study.runner.map(_children_of, space, list(zip(pieces, seeds.tolist(), strict=True)))
    return np.setdiff1d(np.concatenate(list(found)), seen)


def _children_of(space: CodedSpace, job: tuple[IntArray, int]) -> IntArray:
    """A child of each of some compositions, drawn with a seed."""
    parents, seed = job
    return varied(space, parents, np.random.default_rng(seed))


def _everywhere(study: Study, sieve: Sieve, numbers: IntArray) -> IntArray:
    """The best by each score and choice of every one of many parts of the uniform sample `numbers` (sorted)."""
    parts = np.array_split(numbers, _PARTS)
    return np.unique(np.concatenate([local for _, local in study.runner.map(passed_of, sieve, parts)]))
