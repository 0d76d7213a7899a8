"""Score every candidate of a space with a distilled belief, and pass on those that may be among the best.

A candidate passes if one of its scores beats the threshold of that score, which a uniform sample has set; and in
every part of the space the best by each score passes. Blocks depend on nothing but their ranks, so anybody may take
them in any order: threads, or the workers of a cluster, to which the sieve travels once.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

import numpy as np
import torch
from torch import Tensor

from alloop.arrays import BoolArray, FloatArray, IntArray, RealArray
from alloop.planning.problem import PlanningProblem
from alloop.planning.scores import Scoring
from alloop.planning.settings import PlateSettings
from alloop.space import FeatureMap, Space
from alloop.surrogate.distilled import Distilled

_AT_ONCE = {"cpu": (512, 6144)}
"""Compositions that go through the network, and candidates that are scored, at once: what a core's cache holds."""
_LISTED = 4096  # compositions that are listed at once
_AT_ONCE_ELSEWHERE = (65_536, 65_536)


@dataclass(frozen=True)
class Listing:
    """How a space's candidates are listed: compositions, each with every one of the open `combinations`.

    Attributes:
        space: the candidates.
        features: what is seen of them.
        closed: (n_columns,) whether what holds some of that column is excluded.
        combinations: (c,) open process combinations of each composition.
        choices: (c,) the choice of shared settings that each belongs to.
        of_settings: (c, d_settings) their features.
    """

    space: Space
    features: FeatureMap
    closed: BoolArray
    combinations: IntArray
    choices: IntArray
    of_settings: FloatArray

    @property
    def n_compositions(self) -> int:
        """How many compositions there are."""
        return self.space.size // self.space.repeat

    @property
    def size(self) -> int:
        """How many candidates have open settings."""
        return self.n_compositions * len(self.combinations)

    def ranks(self, numbers: IntArray, combination: IntArray) -> IntArray:
        """Ranks (n,) of compositions, each with a combination (n,)."""
        ranks: IntArray = numbers * self.space.repeat + self.combinations[combination]
        return ranks

    def composition_features(self, numbers: IntArray) -> tuple[RealArray, RealArray | None]:
        """Features (n_composition, n), single precision; and 0 for compositions that are open, -1 for others.

        The second is None where all are open.
        """
        amounts = self.space.composition_amounts(numbers).astype(np.float32, copy=False)
        features = self.features.composition_rows(amounts)
        if not self.closed.any():
            return features, None
        shut = np.any(amounts[:, self.closed] > 0, axis=1)
        return features, -np.asarray(shut, dtype=np.float32)


def make_listing(problem: PlanningProblem, settings: PlateSettings) -> Listing | None:
    """How the candidates of a space are listed; None where compositions do not have all combinations in turn."""
    space = problem.space
    if space.repeat != len(space.process.combinations):
        return None
    choices = settings.choice_of(space.process.combinations)
    is_open = np.flatnonzero(choices >= 0)
    features = problem.features.of_settings(space.process.combinations[is_open])
    out = problem.excluded_elements
    closed = np.array([any(element in out for element in column.elements) for column in space.columns])
    return Listing(space, problem.features, closed, is_open, choices[is_open], features)


@dataclass(frozen=True)
class Sieve:
    """Everything that decides what passes.

    Attributes:
        listing: of the space.
        network: the distilled belief.
        scoring: by what candidates are scored.
        thresholds: (n_choices, n_scores, 1) that a score must beat.
    """

    listing: Listing
    network: Distilled
    scoring: Scoring
    thresholds: Tensor

    def passed(self, numbers: Iterable[IntArray]) -> tuple[IntArray, IntArray]:
        """Ranks that beat a threshold, and of the best by each score and choice, among pieces (n,) of compositions."""
        listing = self.listing
        thresholds = self.thresholds[torch.as_tensor(listing.choices)].permute(1, 0, 2)
        beaten: list[IntArray] = []
        highest = np.full(thresholds.shape[:2], -np.inf)
        best = np.zeros(highest.shape, dtype=np.int64)
        for part, group, scored in chain.from_iterable(map(self.scored, numbers)):
            combination, place = (scored >= thresholds[:, group]).any(dim=0).nonzero().cpu().numpy().T
            beaten.append(listing.ranks(part[place], group.start + combination))
            values, places = (found.cpu().numpy() for found in scored.max(dim=2))
            best[:, group] = np.where(values > highest[:, group], part[places], best[:, group])
            np.maximum(highest[:, group], values, out=highest[:, group])
        nothing = [np.zeros(0, dtype=np.int64)]
        local = []
        for choice in np.unique(listing.choices) if beaten else ():
            own = np.flatnonzero(listing.choices == choice)
            columns = own[np.argmax(highest[:, own], axis=1)]
            local.append(listing.ranks(best[np.arange(len(best)), columns], columns))
        return np.concatenate(beaten or nothing), np.unique(np.concatenate(local or nothing))

    def scored(self, numbers: IntArray) -> Iterator[tuple[IntArray, slice, Tensor]]:
        """Pieces of compositions `numbers` (n,), each with a group of combinations: scores (n_scores, group, piece)."""
        network, device = self.network, self.network.inner.device
        n_combinations = len(self.listing.combinations)
        through, candidates = _AT_ONCE.get(device.type, _AT_ONCE_ELSEWHERE)
        each = min(n_combinations, max(candidates // through, 1))
        size = max(candidates // (each * through), 1) * through
        listed = max(_LISTED // size, 1) * size
        with torch.no_grad():
            for first in range(0, len(numbers), listed):
                whole = numbers[first : first + listed]
                features, closed = self.listing.composition_features(whole)
                seen = torch.as_tensor(features).to(device, network.inner.dtype)
                shut = None if closed is None else torch.as_tensor(closed).to(seen)
                for start in range(0, len(whole), size):
                    piece = slice(start, start + size)
                    for combination in range(0, n_combinations, each):
                        group = slice(combination, min(combination + each, n_combinations))
                        outputs = network.outputs(seen[:, piece], group, through)
                        if shut is not None:
                            outputs[0].add_(shut[piece], alpha=1e9)
                        scores = self.scoring(outputs.flatten(1))
                        yield whole[piece], group, scores.view(len(scores), *outputs.shape[1:])


def passed_of(sieve: Sieve, numbers: IntArray) -> tuple[IntArray, IntArray]:
    """:meth:`Sieve.passed`, for a runner."""
    return sieve.passed([numbers])
