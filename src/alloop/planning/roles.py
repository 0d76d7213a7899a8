"""The reserved wells: controls, replicates and the random yardstick."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.spatial import cKDTree

from alloop.arrays import FloatArray
from alloop.planning.beliefs import Beliefs
from alloop.planning.goals import Yardstick, weight_directions
from alloop.planning.hits import depth
from alloop.planning.problem import MOST_REPEATABLE, MadeSample, PlanningProblem
from alloop.planning.rules import RuleBook
from alloop.space import Candidate, Level, Process

SURPRISE_Z = 2.576  # outside the 99 % interval


@dataclass(frozen=True)
class Replicate:
    """A sample to make again; `candidate` is what this plate makes of it."""

    sample: MadeSample
    candidate: Candidate
    why: str


@dataclass(frozen=True)
class Reserved:
    """Wells that are filled before any candidate is chosen."""

    controls: tuple[Candidate, ...]
    replicates: tuple[Replicate, ...]

    @property
    def candidates(self) -> tuple[Candidate, ...]:
        """What is in these wells."""
        return (*self.controls, *(entry.candidate for entry in self.replicates))


def with_plate_settings(candidate: Candidate, process: Process, shared: Mapping[str, Level]) -> Candidate:
    """`candidate` made on a plate whose shared settings are `shared`; settings keep the order of the file."""
    own = {**candidate.process, **shared}
    kept = []
    for setting in process.settings:
        blocked = any(own.get(name, level) == level for name, level in setting.unless)
        if setting.name in own and not blocked:
            kept.append((setting.name, own[setting.name]))
    return replace(candidate, settings=tuple(kept))


def _lacks_a_setting(candidate: Candidate, process: Process) -> bool:
    """Whether a conditional setting applies that the candidate says nothing of: nobody could make it."""
    own = candidate.process
    return any(
        setting.unless
        and setting.name not in own
        and all(name in own and own[name] != level for name, level in setting.unless)
        for setting in process.settings
    )


def features_of(problem: PlanningProblem, candidates: list[Candidate]) -> FloatArray:
    """(n, d) features of candidates, inside the space or not."""
    if not candidates:
        return np.zeros((0, len(problem.features.names)))
    amounts = [candidate.amounts for candidate in candidates]
    features: FloatArray = problem.features.of_compositions(amounts, [c.process for c in candidates])
    return features


def rank_replicates(
    problem: PlanningProblem, beliefs: Beliefs, yardstick: Yardstick, rng: np.random.Generator
) -> list[tuple[MadeSample, str]]:
    """Samples worth making again, one per recipe and the most useful first, each with why.

    First what would be a discovery if it is no slip (a suspect value better than expected), then what surprised (a
    value outside its 99 % interval, as its plan foretold it or as predicted without it), then what would be the best
    known if it is true; what has been repeated most comes last. What a person has excluded, or the shelf no longer
    makes, is left out. Of very many samples only the latest are looked at.
    """
    made = [sample for sample in problem.made[-MOST_REPEATABLE:] if _can_be_made(problem, sample.candidate)]
    if not problem.rules.replicates or not made or not yardstick.objectives:
        return []
    by_recipe: dict[str, list[MadeSample]] = {}
    for sample in made:
        by_recipe.setdefault(sample.candidate.recipe_key, []).append(sample)
    entries = [by_recipe[key] for key in sorted(by_recipe)]
    originals = features_of(problem, [entry[0].candidate for entry in entries])
    means = np.stack(
        [beliefs.properties[o.property].latent(originals)[0] for o in yardstick.objectives], axis=-1
    )
    promise = depth(yardstick.goodness(means), weight_directions(means.shape[1], 16, rng))
    foretold = [max(sample.surprise for sample in entry) for entry in entries]
    surprise = np.maximum(foretold, _surprise(problem, beliefs, yardstick, originals))
    repeats = np.array([len(entry) - 1 for entry in entries])
    doubtful = _doubtful(problem, beliefs, yardstick, originals)
    order = np.lexsort([-promise, -(surprise > SURPRISE_Z).astype(int), -doubtful, repeats])
    ranked = []
    for index in order:
        why = "repeats one of the best so far, to tell luck from quality"
        if surprise[index] > SURPRISE_Z:
            why = f"repeats a surprise: its value lay {surprise[index]:.1f} standard deviations from the expected one"
        if doubtful[index]:
            why = "repeats a value that looks wrong, to tell a discovery from a slip"
        ranked.append((entries[index][0], why))
    return ranked


def reserve(
    problem: PlanningProblem,
    ranked: Sequence[tuple[MadeSample, str]],
    shared: Mapping[str, Level],
    n_controls: int,
    n_replicates: int,
    book: RuleBook,
) -> Reserved:
    """The wells that a block of wells with these shared settings has before any candidate.

    Replicates are what can be repeated exactly, in the order of `ranked`, then the same compositions under the
    block's settings; no experiment comes twice among them, and none that breaks a rule of the plate.

    Args:
        problem: the round.
        ranked: what may be repeated.
        shared: settings of the block, the plate's included.
        n_controls, n_replicates: wells of each.
        book: the plate's rules, in which the controls have been counted (:meth:`RuleBook.count`). It is changed.
    """
    process, control = problem.space.process, problem.rules.control
    controls: tuple[Candidate, ...] = ()
    if control is not None:
        controls = (with_plate_settings(control.candidate, process, shared),) * n_controls
        book.close(controls)
    here = [(sample, with_plate_settings(sample.candidate, process, shared), why) for sample, why in ranked]
    here = [entry for entry in here if entry[1].key not in problem.excluded_keys]
    exact = [entry for entry in here if entry[0].candidate.recipe_key == entry[1].recipe_key]
    moved = [
        (sample, made, "an earlier composition under this plate's settings: it ties the plates together")
        for sample, made, _ in here
        if sample.candidate.recipe_key != made.recipe_key and not _lacks_a_setting(made, process)
    ]
    replicates: list[Replicate] = []
    for sample, made, why in (*exact, *moved):
        if len(replicates) == n_replicates:
            break
        if book.fits(made):
            book.reserve([made])
            replicates.append(Replicate(sample, made, why))
    return Reserved(controls, tuple(replicates))


def _can_be_made(problem: PlanningProblem, candidate: Candidate) -> bool:
    elements = [element for element, _ in candidate.elements]
    if candidate.key in problem.excluded_keys or not problem.excluded_elements.isdisjoint(elements):
        return False
    if problem.shelf is None:
        return True
    amounts = np.array([[float(amount) for _, amount in candidate.elements]])
    return bool(problem.shelf.reachable(amounts, elements)[0])


def _doubtful(
    problem: PlanningProblem, beliefs: Beliefs, yardstick: Yardstick, features: FloatArray
) -> FloatArray:
    """How far above its expectation (n,), in standard deviations, a value of each composition was that was left out."""
    far = np.zeros(len(features))
    for sign, entry in zip(yardstick.sign, yardstick.objectives, strict=True):
        for suspect in beliefs.suspects.get(entry.property, ()):  # nothing that is computed is among them
            data = problem.observations[entry.property]
            if not suspect.siblings and sign * (data.values[suspect.row] - suspect.expected) > 0:
                same = np.abs(features - data.features[suspect.row]).max(axis=1) < 1e-9
                far[same] = np.maximum(far[same], suspect.z)
    return far


def _surprise(
    problem: PlanningProblem, beliefs: Beliefs, yardstick: Yardstick, features: FloatArray
) -> FloatArray:
    """Largest |z| (n,) of any value measured at each composition, predicted without it."""
    worst = np.zeros(len(features))
    places = cKDTree(features)
    for entry in yardstick.objectives:
        belief = beliefs.properties[entry.property]
        data = belief.data
        exact = np.flatnonzero((data.bounds == 0) & (data.sources == 0))
        if len(exact) < 8:
            continue
        if len(exact) > MOST_REPEATABLE:
            exact = exact[
                np.isfinite(places.query(data.features[exact], p=np.inf, distance_upper_bound=1e-9)[0])
            ]
        held = np.array_split(np.random.default_rng(0).permutation(exact), min(8, len(exact)))
        for rows in held:
            mean, sd = belief.leave_out(np.sort(rows))
            z = np.abs(data.values[np.sort(rows)] - mean) / sd
            for same, value in zip(
                places.query_ball_point(data.features[np.sort(rows)], 1e-9, p=np.inf), z, strict=True
            ):
                worst[same] = np.maximum(worst[same], value)
    return worst
