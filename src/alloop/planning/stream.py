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

_CHUNK = {"cpu": 4096}  # compositions at a time: what fits into a processor's cache; a GPU wants more
_CHUNK_ELSEWHERE = 65_536


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

    def ranks(self, numbers: IntArray, combination: int) -> IntArray:
        """Ranks (n,) of compositions with one of the combinations."""
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
        beaten: list[IntArray] = []
        best: dict[int, tuple[Tensor, IntArray]] = {}
        for part, combination, scored in chain.from_iterable(map(self.scored, numbers)):
            choice = int(self.listing.choices[combination])
            above = (scored >= self.thresholds[choice]).any(dim=0).nonzero()[:, 0].cpu().numpy()
            if len(above):
                beaten.append(self.listing.ranks(part[above], combination))
            values, places = scored.max(dim=1)
            ranks = self.listing.ranks(part[places.cpu().numpy()], combination)
            if choice in best:
                better = (values > best[choice][0]).cpu().numpy()
                ranks = np.where(better, ranks, best[choice][1])
                values = torch.maximum(values, best[choice][0])
            best[choice] = (values, ranks)
        nothing = [np.zeros(0, dtype=np.int64)]
        local = np.unique(np.concatenate([ranks for _, ranks in best.values()] or nothing))
        return np.concatenate(beaten or nothing), local

    def scored(self, numbers: IntArray) -> Iterator[tuple[IntArray, int, Tensor]]:
        """Pieces of compositions `numbers` (n,), each with every combination and its scores (n_scores, piece)."""
        network, device = self.network, self.network.inner.device
        size = _CHUNK.get(device.type, _CHUNK_ELSEWHERE)
        with torch.no_grad():
            for start in range(0, len(numbers), size):
                part = numbers[start : start + size]
                features, closed = self.listing.composition_features(part)
                shared = network.of_compositions(torch.as_tensor(features).to(device, network.inner.dtype))
                room = shared.new_empty((network.outer.shape[1], len(part)))
                for combination in range(len(self.listing.combinations)):
                    outputs = network.outputs(shared, combination, room)
                    if closed is not None:
                        outputs[0].add_(torch.as_tensor(closed).to(outputs), alpha=1e9)
                    yield part, combination, self.scoring(outputs)


def passed_of(sieve: Sieve, numbers: IntArray) -> tuple[IntArray, IntArray]:
    """:meth:`Sieve.passed`, for a runner."""
    return sieve.passed([numbers])
