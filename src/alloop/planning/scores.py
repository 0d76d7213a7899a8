"""Cheap scores of single candidates: how far each may reach, and what it may add to what has been reached.

What is known of a candidate is seen as a few *outputs*: the goodness of each objective (K), its standard deviation
(K), and the log-odds of being feasible. Scores follow from these, whoever gives them.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import torch
from scipy.special import ndtr
from torch import Tensor

from alloop.arrays import FloatArray, IntArray
from alloop.planning.aims import Constraint
from alloop.planning.beliefs import Beliefs, p_between
from alloop.planning.computed import Computed
from alloop.planning.goals import Yardstick, lengths, weight_directions
from alloop.runner import Runner
from alloop.surrogate.belief import process_alone
from alloop.surrogate.fast import FastBelief, FastView, make_fast
from alloop.surrogate.protocol import PropertyModel

_OPTIMISM = (0.0, 1.0)
_DRAWS = 8
_EXPECTED_WEIGHT = 12
_LEAST_CHANCE = 1e-3
_LEAST_PENALTY = 0.05
_LEAST_DOUBT = 1e-6
_PASSES = 0.5


@dataclass(frozen=True)
class Judge:
    """The fast view of all models of a round."""

    constraints: tuple[Constraint, ...]
    yardstick: Yardstick
    fast: dict[str, FastView]
    forming: FastView | None

    @property
    def travels(self) -> bool:
        """Whether other processes can be given it: a model that somebody supplied may hold anything."""
        views = (*self.fast.values(), *([self.forming] if self.forming is not None else []))
        return all(isinstance(view, FastBelief) or isinstance(view.model, Computed) for view in views)

    def outputs(self, features: FloatArray) -> FloatArray:
        """Outputs (n, 2 K + 1) of candidates with features (n, d)."""
        narrow = torch.as_tensor(features, dtype=torch.float32)
        predicted = {name: fast.latent(narrow) for name, fast in self.fast.items()}
        chance = np.ones(len(features))
        if self.forming is not None:
            mean, sd = self.forming.latent(narrow)
            chance = ndtr(mean / np.hypot(sd, self.forming.noise_sd))
        for constraint in self.constraints:
            mean, sd = predicted[constraint.property]
            wide = np.hypot(sd, self.fast[constraint.property].noise_sd)
            chance = chance * p_between(mean, wide, constraint)
        chance = np.clip(chance, _LEAST_CHANCE, 1.0 - _LEAST_CHANCE)
        pairs = [predicted[entry.property] for entry in self.yardstick.objectives]
        goodness = self.yardstick.goodness(np.stack([mean for mean, _ in pairs], axis=-1))
        doubt = np.stack([sd for _, sd in pairs], axis=-1) / self.yardstick.span
        return np.column_stack([goodness, doubt, np.log(chance) - np.log1p(-chance)])


def make_judge(beliefs: Beliefs, yardstick: Yardstick, sample: FloatArray, runner: Runner) -> Judge:
    """The fast view of a round's models; `sample` (s, d) are features of typical candidates."""
    wanted = [entry.property for entry in yardstick.objectives]
    wanted += [entry.property for entry in beliefs.constraints]
    names = list(dict.fromkeys(wanted))
    models = [beliefs.properties[name] for name in names]
    if beliefs.forming is not None:
        models.append(process_alone(beliefs.forming))
    made = list(runner.map(_fast_of, sample, models))
    forming = made.pop() if beliefs.forming is not None else None
    return Judge(beliefs.constraints, yardstick, dict(zip(names, made, strict=True)), forming)


def _fast_of(sample: FloatArray, belief: PropertyModel) -> FastView:
    return make_fast(belief, sample)


@dataclass(frozen=True)
class Scoring:
    """What candidates are scored by.

    Attributes:
        steepness: (D, K) the inverse of the directions.
        reached: (D,) how far what is known reaches along each.
        targets: (K,) goodness of the targets, -inf where there is none.
        draws: (S, K) standard normal numbers, over which improvements are averaged.
    """

    steepness: Tensor
    reached: Tensor
    targets: Tensor
    draws: Tensor

    def to(self, device: torch.device, precision: torch.dtype) -> Scoring:
        """The same elsewhere."""
        parts = (self.steepness, self.reached, self.targets, self.draws)
        return Scoring(*(part.to(device, precision) for part in parts))

    @property
    def has_targets(self) -> bool:
        """Whether there is a score for meeting them."""
        return bool(torch.isfinite(self.targets).any())

    @property
    def weights(self) -> IntArray:
        """(n_scores,) how many of the best by each score are wanted, relative to the others.

        Along each direction there are the reach at every degree of optimism and the expected improvement; then there
        are the expected growth of the hypervolume and, with targets, the chance to meet them, which weigh more: a
        plate's wells go by them.
        """
        along = len(self.steepness) * (len(_OPTIMISM) + 1)
        return np.array([1] * along + [_EXPECTED_WEIGHT] * (1 + self.has_targets))

    def __call__(self, outputs: Tensor) -> Tensor:
        """Scores (n_scores, n) of candidates with these outputs (2 K + 1, n).

        A candidate that may be infeasible is worth less where it reaches far, never more where it falls short.
        """
        n_directions, n_objectives = self.steepness.shape
        goodness, doubt = outputs[:n_objectives], outputs[n_objectives:-1].clamp_min(0.0)
        chance = outputs[-1].sigmoid()
        result = outputs.new_empty((len(self.weights), outputs.shape[1]))
        reach = self._reach(goodness, doubt)
        hoped, drawn = reach[: len(_OPTIMISM)], reach[len(_OPTIMISM) :]
        start = len(_OPTIMISM) * n_directions
        # the smaller of the two: reach times chance where it is positive, times the penalty where it is not
        penalty = chance.clamp_min(_LEAST_PENALTY).reciprocal_()
        torch.minimum(hoped * chance, hoped.mul_(penalty), out=result[:start].view(hoped.shape))
        gains = result[start : start + n_directions]
        reached = self.reached.clamp_min(0.0)[:, None]
        torch.maximum(drawn, reached, out=drawn)
        if n_objectives > 1:
            drawn.pow_(n_objectives)
        torch.sum(drawn.sub_(reached**n_objectives), dim=0, out=gains)
        gains *= chance / len(self.draws)
        # where nothing is expected, the nearest to it comes first
        gains += 1e-6 * result[start - n_directions : start]
        torch.mean(gains, dim=0, out=result[start + n_directions])
        if self.has_targets:
            torch.log(chance, out=result[-1])
            for k in torch.isfinite(self.targets).nonzero()[:, 0].tolist():
                far = (goodness[k] - self.targets[k]) / doubt[k].clamp_min(_LEAST_DOUBT)
                result[-1] += torch.special.log_ndtr(far)
        return result

    def _reach(self, goodness: Tensor, doubt: Tensor) -> Tensor:
        """How far (H + S, D, n) candidates reach at every degree of optimism, then in every draw.

        All at once: the fewer calls, the less threads wait for each other's interpreter.
        """
        offsets, steepness = self._prepared
        possible = torch.addcmul(goodness[:, None], doubt[:, None], offsets)[:, :, None]
        reach = possible[0] * steepness[0]
        other = torch.empty_like(reach)
        for k in range(1, len(goodness)):
            torch.minimum(reach, torch.mul(possible[k], steepness[k], out=other), out=reach)
        return reach

    @cached_property
    def _prepared(self) -> tuple[Tensor, Tensor]:
        """Doubts (K, H + S, 1) that are added for every degree of optimism and draw; steepness (K, D, 1)."""
        hopes = self.draws.new_tensor(_OPTIMISM)[:, None].expand(-1, self.draws.shape[1])
        offsets = torch.cat([hopes, self.draws]).T[:, :, None]
        return offsets.contiguous(), self.steepness.T[:, :, None].contiguous()


def make_scoring(
    beliefs: Beliefs, yardstick: Yardstick, known: FloatArray, n_directions: int, rng: np.random.Generator
) -> Scoring:
    """What a round's candidates are scored by; `known` (h, d) are features of what is measured or pending."""
    n_objectives = len(yardstick.objectives)
    directions = weight_directions(n_objectives, n_directions, rng)
    reached = np.zeros(len(directions))
    if len(known):
        means = [beliefs.properties[entry.property].latent(known)[0] for entry in yardstick.objectives]
        reach = lengths(yardstick.goodness(np.stack(means, axis=-1)), directions)
        passing = beliefs.p_feasible(known) >= _PASSES
        reached = np.maximum(reached, np.where(passing[:, None], reach, 0.0).max(axis=0))
    half = rng.standard_normal((_DRAWS // 2, n_objectives))
    targets = np.where(np.isfinite(yardstick.target), yardstick.target, -np.inf)
    return Scoring(
        *(torch.as_tensor(part) for part in (1.0 / directions, reached, targets, np.vstack([half, -half])))
    )
