"""Make a sieve: distil the models from examples, more than once, and see what the network scores highest."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import torch

from alloop.arrays import FloatArray, IntArray, RealArray
from alloop.planning.shortlist import spread
from alloop.planning.stream import Listing, Sieve
from alloop.planning.study import Study
from alloop.surrogate.distilled import HiddenLayer, distil, hidden_layer

PRECISION = torch.float32
BEST_EXAMPLES = 4000

_EXAMPLES = 4000
_UNIFORM_WEIGHT = 0.3
_SPARSE = 32  # of so many candidates one is looked at to set the thresholds
_SAMPLE = (16_384, 262_144)
_SURPLUS = 16
_PER_ROOT = 1.5
_PIECE = 24_576  # candidates whose scores are held at once


@dataclass(frozen=True)
class Examples:
    """Judged candidates that a network learns from: ranks (n,), features (n, d), outputs (n, o), weights (n,)."""

    ranks: IntArray
    features: FloatArray
    outputs: FloatArray
    weights: FloatArray


@dataclass(frozen=True)
class Top:
    """The best candidates of one choice of shared settings by each score: ranks and scores (n_scores, k)."""

    ranks: IntArray
    scores: RealArray


def uniform_examples(study: Study, listing: Listing, rng: np.random.Generator) -> Examples:
    """A uniform sample of the candidates with open settings."""
    places = rng.integers(len(listing.combinations), size=_EXAMPLES)
    numbers = rng.integers(listing.n_compositions, size=_EXAMPLES)
    ranks = np.unique(numbers * study.problem.space.repeat + listing.combinations[places])
    features, outputs = study.outputs(ranks)
    return Examples(ranks, features, outputs, np.full(len(ranks), _UNIFORM_WEIGHT))


def with_more(study: Study, examples: Examples, ranks: IntArray) -> Examples:
    """The examples and others, which count in full: those for which the network should be accurate."""
    ranks = np.setdiff1d(ranks, examples.ranks)
    features, outputs = study.outputs(ranks)
    return Examples(
        np.concatenate([examples.ranks, ranks]),
        np.vstack([examples.features, features]),
        np.vstack([examples.outputs, outputs]),
        np.concatenate([examples.weights, np.ones(len(ranks))]),
    )


def fitted_sieve(
    study: Study, listing: Listing, layer: HiddenLayer, examples: Examples, device: torch.device
) -> Sieve:
    """A sieve whose network has learned the examples, and that nothing passes yet."""
    network = distil(
        layer, examples.features, examples.outputs, examples.weights, listing.of_settings, device, PRECISION
    )
    shape = (len(study.settings), study.n_scores, 1)
    scoring = study.scoring.to(device, PRECISION)
    return Sieve(listing, network, scoring, torch.full(shape, np.inf, dtype=PRECISION, device=device))


def make_sieve(study: Study, listing: Listing, device: torch.device, rng: np.random.Generator) -> Sieve:
    """Distil the models from a uniform sample, then once more with what looked best, and set the thresholds."""
    examples = uniform_examples(study, listing, rng)
    layer = hidden_layer(examples.features, rng)
    sample = sampled_compositions(listing, int(np.clip(listing.size // _SPARSE, *_SAMPLE)), rng)
    first = fitted_sieve(study, listing, layer, examples, device)
    promising = spread(all_ranks(top_of(study, first, sample, n_best_examples(study))), BEST_EXAMPLES)
    sieve = fitted_sieve(study, listing, layer, with_more(study, examples, promising), device)
    return Sieve(listing, sieve.network, sieve.scoring, _thresholds(study, sieve, sample))


def n_best_examples(study: Study) -> int:
    """How many examples to take of what is best by one score, for about `BEST_EXAMPLES` in all: many are shared."""
    return max(2 * BEST_EXAMPLES // (study.n_scores * len(study.settings)), 8)


def sampled_compositions(listing: Listing, n_candidates: int, rng: np.random.Generator) -> IntArray:
    """Numbers (sorted, distinct) of uniformly random compositions, enough for about `n_candidates`."""
    count = min(max(n_candidates // len(listing.combinations), 1024), listing.n_compositions)
    return np.unique(rng.integers(listing.n_compositions, size=count))


def top_of(study: Study, sieve: Sieve, numbers: IntArray, count: int) -> dict[int, Top]:
    """The best `count` by each score among compositions `numbers`, for each choice of shared settings."""
    by_choice: dict[int, list[Top]] = {}
    size = max(_PIECE // len(sieve.listing.combinations), 1)
    pieces = [(numbers[start : start + size], count) for start in range(0, len(numbers), size)]
    for tops in study.runner.map(_top_of_piece, sieve, pieces):
        for choice, top in tops.items():
            by_choice.setdefault(choice, []).append(top)
    return {choice: best_of_tops(parts, count) for choice, parts in by_choice.items()}


def _top_of_piece(sieve: Sieve, piece: tuple[IntArray, int]) -> dict[int, Top]:
    """The best of a few compositions, so many by each score, for each choice of shared settings."""
    numbers, count = piece
    listing = sieve.listing
    parts: dict[int, list[tuple[IntArray, torch.Tensor]]] = {}
    for part, group, scored in sieve.scored(numbers):
        for place, combination in enumerate(range(group.start, group.stop)):
            ranks = listing.ranks(part, np.array(combination))
            parts.setdefault(int(listing.choices[combination]), []).append((ranks, scored[:, place]))
    found = {}
    for choice, own in parts.items():
        ranks = np.concatenate([ranks for ranks, _ in own])
        top, places = torch.cat([scored for _, scored in own], dim=1).topk(min(count, len(ranks)), dim=1)
        found[choice] = Top(ranks[places.cpu().numpy()], top.cpu().numpy())
    return found


def best_of_tops(parts: list[Top], count: int) -> Top:
    """The best `count` by each score of several lists of different candidates."""
    ranks = np.concatenate([part.ranks for part in parts], axis=1)
    scores = np.concatenate([part.scores for part in parts], axis=1)
    if scores.shape[1] > count:
        places = np.argpartition(-scores, count - 1, axis=1)[:, :count]
        ranks, scores = np.take_along_axis(ranks, places, axis=1), np.take_along_axis(scores, places, axis=1)
    return Top(ranks, scores)


def all_ranks(tops: Mapping[int, Top], count: int | None = None) -> IntArray:
    """All candidates of the lists, or the best `count` by each score of each, sorted and distinct."""
    lists = tops.values() if count is None else [best_of_tops([top], count) for top in tops.values()]
    return np.unique(np.concatenate([top.ranks.ravel() for top in lists]))


def _thresholds(study: Study, sieve: Sieve, numbers: IntArray) -> torch.Tensor:
    """What each score must beat (n_choices, n_scores, 1), so that about as many pass as are wanted.

    That is `_SURPLUS` times more than the list takes by each score, in large spaces `_PER_ROOT` times the root of
    their size: the larger the space, the more candidates the network cannot tell from the best.
    """
    thresholds = sieve.thresholds.clone()
    listing = sieve.listing
    counts = {}
    for choice in np.unique(listing.choices).tolist():
        each = int((listing.choices == choice).sum())
        size = listing.n_compositions * each
        wanted = np.maximum(_SURPLUS * study.per_choice, _PER_ROOT * size**0.5)
        sampled = np.round(wanted / size * len(numbers) * each).astype(np.int64)
        counts[choice] = np.clip(sampled, min(8, len(numbers) * each), len(numbers) * each)
    most = max(int(count.max()) for count in counts.values())
    for choice, top in top_of(study, sieve, numbers, most).items():
        ordered = -np.sort(-top.scores, axis=1)
        level = np.take_along_axis(ordered, counts[choice][:, None] - 1, axis=1)
        # where most is excluded the sample may hold nothing that is open
        thresholds[choice] = torch.as_tensor(np.maximum(level, -1e6))
    return thresholds
