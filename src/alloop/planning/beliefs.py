"""All models of a round: one belief per property, one for whether a sample forms at all."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
from scipy.special import ndtr

from alloop.arrays import BoolArray, FloatArray, IntArray
from alloop.planning.aims import Constraint, Objective
from alloop.planning.computed import Computed
from alloop.planning.goals import passing_range
from alloop.planning.problem import ModelReport, PlanningProblem, Prediction
from alloop.properties import get_property, is_fraction, is_property
from alloop.runner import Runner, Threads, one_thread
from alloop.scales import from_model_scale
from alloop.surrogate.cross_validation import factor_from_experience
from alloop.surrogate.data import ABOVE, Observations
from alloop.surrogate.doubts import Suspect
from alloop.surrogate.gp import GaussianProcess, fit_gp
from alloop.surrogate.guards import Guarded, learn_guarded
from alloop.surrogate.protocol import PropertyModel

_Z90 = 1.6448536269514722


@dataclass(frozen=True)
class Beliefs:
    """What is believed after this round's results.

    Attributes:
        properties: belief per property with data, objectives and constraints alike.
        forming: latent process whose sign says whether a sample forms; None while nothing failed.
        constraints: those of the campaign that have data.
        suspects: values that were not learned from, by property; rows of the problem's observations.
        literature_left_out: properties whose literature predicts the own values worse than they predict each other.
        interval_factors: by property, by how much stated intervals are wider than the model's own; 1 where not named.
    """

    properties: Mapping[str, PropertyModel]
    forming: GaussianProcess | None
    constraints: tuple[Constraint, ...]
    suspects: Mapping[str, tuple[Suspect, ...]] = field(default_factory=dict)
    literature_left_out: tuple[str, ...] = ()
    interval_factors: Mapping[str, float] = field(default_factory=dict)

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
            if isinstance(belief, Computed):
                continue
            check = belief.check
            reports[name] = ModelReport(
                belief.kind,
                len(belief.data),
                check.coverage90,
                check.log_score,
                check.skill,
                check.predictable,
                self.interval_factors.get(name, 1.0),
            )
        return reports


def p_between(mean: FloatArray, sd: FloatArray | float, constraint: Constraint) -> FloatArray:
    """Chance (...) that a normal value passes a constraint."""
    low, high = passing_range(constraint)
    chance: FloatArray = ndtr((high - mean) / sd) - ndtr((low - mean) / sd)
    return chance


@dataclass(frozen=True)
class _Course:
    """What all fits of a round share: the arguments of `learn_guarded`."""

    seed: int
    background: FloatArray
    blocks: IntArray


@dataclass(frozen=True)
class _Task:
    """What one fit learns: a property, or whether a sample forms."""

    data: Observations
    decades: bool = False
    confirmed: BoolArray | None = None
    is_forming: bool = False


def _learn(course: _Course, task: _Task) -> Guarded | GaussianProcess:
    """Fit and cross-validate one property; held-out values follow from the one fit, so that folds need none."""
    if task.is_forming:
        return fit_gp(task.data, course.background, course.blocks)
    return learn_guarded(
        task.data,
        course.seed,
        course.background,
        course.blocks,
        decades=task.decades,
        confirmed=task.confirmed,
    )


def learn_all(
    problem: PlanningProblem,
    background: FloatArray,
    seed: int,
    progress: Callable[[str], None],
    runner: Runner | None = None,
) -> Beliefs:
    """Fit every property that has data.

    Args:
        problem: the round.
        background: (m, d) features of a uniform sample of candidates.
        seed: of folds and trees.
        progress: told what is being learned.
        runner: who fits, a property each; the threads of this process when None. It changes no result.
    """
    aims: tuple[Objective | Constraint, ...] = (*problem.objectives, *problem.constraints, *problem.observed)
    scales = {entry.property: entry.scale for entry in reversed(aims)}
    known: dict[str, Observations] = {}
    for name in dict.fromkeys(entry.property for entry in aims):
        data = problem.observations.get(name)
        if data is not None and len(data):
            progress(f"learning {name} from {len(data)} values")
            known[name] = data
    formed = problem.formed
    if formed is not None and np.all(formed.bounds == ABOVE):
        formed = None
    if formed is not None:
        progress(f"learning what forms from {len(formed)} samples")
    # one after another: what a library draws at random comes from one generator for all threads
    supplied = {
        name: problem.models[name](data, seed) for name, data in known.items() if name in problem.models
    }
    names = [name for name in known if name not in supplied]
    tasks = [_Task(known[name], scales[name] == "log10", problem.confirmed.get(name)) for name in names]
    if formed is not None:
        tasks.append(_Task(formed, is_forming=True))
    course = _Course(seed, background, problem.features.blocks)
    # fits are small and single-threaded: side by side they use the cores
    with one_thread(), Threads() as here:
        learned = list((runner or here).map(_learn, course, tasks))
    guarded = {name: one for name, one in zip(names, learned, strict=False) if isinstance(one, Guarded)}
    forming = next((one for one in learned if isinstance(one, GaussianProcess)), None)
    properties: dict[str, PropertyModel] = {
        name: supplied[name] if name in supplied else guarded[name].belief for name in known
    }
    for name in scales if known else ():  # before the first result there is nothing to weigh them against
        if is_property(name) and get_property(name).computed:
            properties[name] = Computed(
                name, scales[name], problem.space, problem.features, problem.shelf, background
            )
    constraints = tuple(entry for entry in problem.constraints if entry.property in properties)
    return Beliefs(
        properties,
        forming,
        constraints,
        {name: found.suspects for name, found in guarded.items() if found.suspects},
        tuple(name for name, found in guarded.items() if found.literature_left_out),
        {
            name: factor_from_experience(problem.foretold[name])
            for name, belief in properties.items()
            if name in problem.foretold and not isinstance(belief, Computed)
        },
    )


def predict(
    belief: PropertyModel, features: FloatArray, aim: Objective | Constraint, factor: float = 1.0
) -> tuple[Prediction, ...]:
    """Predictions of a new measurement of an aim's property for each row of `features`.

    A measured fraction never lies outside 0 to 1: medians and bounds stop there. Standard deviations are `factor`
    times the model's.
    """
    mean, sd = belief.predict(features)
    sd = sd * factor
    low, high = (0.0, 1.0) if is_fraction(aim.property) else (-np.inf, np.inf)

    def value(scaled: float) -> float:
        return float(np.clip(from_model_scale(scaled, aim.scale), low, high))

    return tuple(
        Prediction(value(m), value(m - _Z90 * s), value(m + _Z90 * s), aim.unit, float(s))
        for m, s in zip(mean, sd, strict=True)
    )
