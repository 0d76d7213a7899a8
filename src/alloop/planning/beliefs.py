"""All models of a round: one belief per property, one for whether a sample forms at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr

from alloop.arrays import FloatArray
from alloop.planning.aims import Constraint, Objective
from alloop.planning.goals import from_model_scale, passing_range
from alloop.planning.problem import ModelReport, PlanningProblem, Prediction
from alloop.properties import is_fraction
from alloop.surrogate.belief import Belief, learn
from alloop.surrogate.data import ABOVE
from alloop.surrogate.gp import GaussianProcess, fit_gp

_Z90 = 1.6448536269514722


@dataclass(frozen=True)
class Beliefs:
    """What is believed after this round's results.

    Attributes:
        properties: belief per property with data, objectives and constraints alike.
        forming: latent process whose sign says whether a sample forms; None while nothing failed.
        constraints: those of the campaign that have data.
    """

    properties: Mapping[str, Belief]
    forming: GaussianProcess | None
    constraints: tuple[Constraint, ...]

    def p_formed(self, features: FloatArray) -> FloatArray:
        """Chance (n,) that a sample forms."""
        if self.forming is None:
            return np.ones(len(features))
        mean, sd = self.forming.latent(features)
        chance: FloatArray = ndtr(mean / np.hypot(sd, self.forming.noise_sd()))
        return chance

    def p_feasible(self, features: FloatArray) -> FloatArray:
        """Chance (n,) that a sample forms and a measurement of it meets every constraint."""
        chance = self.p_formed(features)
        for constraint in self.constraints:
            mean, sd = self.properties[constraint.property].predict(features)
            chance = chance * p_between(mean, sd, constraint)
        return chance

    def reports(self) -> dict[str, ModelReport]:
        """Trust in each property's model."""
        reports = {}
        for name, belief in self.properties.items():
            kind = "gp"
            if belief.forest is not None:
                share = round(100 * belief.weight)
                kind = f"gp {share} % + forest {100 - share} %"
            check = belief.check
            reports[name] = ModelReport(
                kind,
                len(belief.process.data),
                check.coverage90,
                check.log_score,
                check.skill,
                check.predictable,
            )
        return reports


def p_between(mean: FloatArray, sd: FloatArray | float, constraint: Constraint) -> FloatArray:
    """Chance (...) that a normal value passes a constraint."""
    low, high = passing_range(constraint)
    chance: FloatArray = ndtr((high - mean) / sd) - ndtr((low - mean) / sd)
    return chance


def learn_all(
    problem: PlanningProblem, background: FloatArray, seed: int, progress: Callable[[str], None]
) -> Beliefs:
    """Fit every property that has data.

    Args:
        problem: the round.
        background: (m, d) features of a uniform sample of candidates.
        seed: of folds and trees.
        progress: told what is being learned.
    """
    names = [entry.property for entry in problem.objectives]
    names += [entry.property for entry in (*problem.constraints, *problem.observed)]
    properties = {}
    for name in dict.fromkeys(names):
        data = problem.observations.get(name)
        if data is not None and len(data):
            progress(f"learning {name} from {len(data)} values")
            properties[name] = learn(data, seed, background, problem.features.blocks)
    forming = None
    if problem.formed is not None and np.any(problem.formed.bounds != ABOVE):
        progress(f"learning what forms from {len(problem.formed)} samples")
        forming = fit_gp(problem.formed, background, problem.features.blocks)
    constraints = tuple(entry for entry in problem.constraints if entry.property in properties)
    return Beliefs(properties, forming, constraints)


def predict(belief: Belief, features: FloatArray, aim: Objective | Constraint) -> tuple[Prediction, ...]:
    """Predictions of a new measurement of an aim's property for each row of `features`.

    A measured fraction never lies outside 0 to 1: medians and bounds stop there.
    """
    mean, sd = belief.predict(features)
    low, high = (0.0, 1.0) if is_fraction(aim.property) else (-np.inf, np.inf)

    def value(scaled: float) -> float:
        return float(np.clip(from_model_scale(scaled, aim.scale), low, high))

    return tuple(
        Prediction(value(m), value(m - _Z90 * s), value(m + _Z90 * s), aim.unit, float(s))
        for m, s in zip(mean, sd, strict=True)
    )
