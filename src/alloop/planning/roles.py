"""The reserved wells: controls, replicates and the random yardstick."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from alloop.arrays import FloatArray
from alloop.planning.beliefs import Beliefs
from alloop.planning.goals import Yardstick, weight_directions
from alloop.planning.hits import depth
from alloop.planning.problem import MadeSample, PlanningProblem
from alloop.space import Candidate, Level, Process

_SURPRISE_Z = 2.576  # outside the 99 % interval


def with_plate_settings(candidate: Candidate, process: Process, shared: Mapping[str, Level]) -> Candidate:
    """`candidate` made on a plate whose shared settings are `shared`; settings keep the order of the file."""
    own = {**candidate.process, **shared}
    kept = []
    for setting in process.settings:
        blocked = any(own.get(name) == level for name, level in setting.unless)
        if setting.name in own and not blocked:
            kept.append((setting.name, own[setting.name]))
    return replace(candidate, settings=tuple(kept))


def features_of(problem: PlanningProblem, candidates: list[Candidate]) -> FloatArray:
    """(n, d) features of candidates, inside the space or not."""
    if not candidates:
        return np.zeros((0, len(problem.features.names)))
    amounts = [candidate.amounts for candidate in candidates]
    features: FloatArray = problem.features.of_compositions(amounts, [c.process for c in candidates])
    return features


def choose_replicates(
    problem: PlanningProblem,
    beliefs: Beliefs,
    yardstick: Yardstick,
    shared: Mapping[str, Level],
    rng: np.random.Generator,
) -> list[tuple[MadeSample, Candidate, str]]:
    """Samples to make again, each with the candidate as it will be made and why.

    First what surprised (a value outside its 99 % interval as predicted without it), then what would be the best
    known if it is true; what has been repeated most comes last.
    """
    count = problem.rules.replicates
    if not count or not problem.made or not yardstick.objectives:
        return []
    by_recipe: dict[str, list[MadeSample]] = {}
    for sample in problem.made:
        by_recipe.setdefault(sample.candidate.recipe_key, []).append(sample)
    entries = [by_recipe[key] for key in sorted(by_recipe)]
    as_made = [with_plate_settings(entry[0].candidate, problem.space.process, shared) for entry in entries]
    originals = features_of(problem, [entry[0].candidate for entry in entries])
    means = np.stack(
        [beliefs.properties[o.property].latent(originals)[0] for o in yardstick.objectives], axis=-1
    )
    promise = depth(yardstick.goodness(means), weight_directions(means.shape[1], 16, rng))
    surprise = _surprise(problem, beliefs, yardstick, originals)
    repeats = np.array([len(entry) - 1 for entry in entries])
    order = np.lexsort([-promise, -(surprise > _SURPRISE_Z).astype(int), repeats])
    chosen = []
    for index in order[:count]:
        why = "repeats one of the best so far, to tell luck from quality"
        if surprise[index] > _SURPRISE_Z:
            why = f"repeats a surprise: its value lay {surprise[index]:.1f} standard deviations from the expected one"
        chosen.append((entries[index][0], as_made[index], why))
    return chosen


def _surprise(
    problem: PlanningProblem, beliefs: Beliefs, yardstick: Yardstick, features: FloatArray
) -> FloatArray:
    """Largest |z| (n,) of any value measured at each composition, predicted without it."""
    worst = np.zeros(len(features))
    for entry in yardstick.objectives:
        process = beliefs.properties[entry.property].process
        data = process.data
        exact = np.flatnonzero((data.bounds == 0) & (data.sources == 0))
        if len(exact) < 8:
            continue
        held = np.array_split(np.random.default_rng(0).permutation(exact), min(8, len(exact)))
        for rows in held:
            mean, sd = process.leave_out(np.sort(rows))
            z = np.abs(data.values[np.sort(rows)] - mean) / sd
            for row, value in zip(np.sort(rows), z, strict=True):
                same = np.flatnonzero(np.abs(features - data.features[row]).max(axis=1) < 1e-9)
                worst[same] = np.maximum(worst[same], value)
    return worst
