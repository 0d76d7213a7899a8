"""From the whole space to a few thousand candidates: every candidate gets a cheap optimistic score.

Scores look along random directions in objective space with different optimism; kept are the best per direction
over the whole space and the best of every part of it, since neighbours in rank are alike and a list of the overall
best alone would be one crowd.

Small spaces are judged by the fast view of the models. In larger ones a network distilled from that view sieves
every candidate, and what passes is judged. Beyond `EXHAUSTIVE` candidates (or as many as the round says) the space is
searched, see `guided`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from alloop.arrays import IntArray
from alloop.errors import PlanError
from alloop.planning.beliefs import Beliefs
from alloop.planning.goals import Yardstick
from alloop.planning.guided import search
from alloop.planning.problem import PlanningProblem
from alloop.planning.settings import PlateSettings
from alloop.planning.shortlist import PARTS, Kept, best_of, by_parts, merged, spread
from alloop.planning.sieving import make_sieve
from alloop.planning.stream import Sieve, make_listing
from alloop.planning.study import Study, make_study, open_candidates
from alloop.runner import Runner, Threads, one_thread

EXHAUSTIVE = 50_000_000
DIRECT = 24_000
"""Up to so many candidates all are judged: distilling would take as long."""

_BLOCK = 16_384
_SIFTED = (24_576, 262_144)
"""Candidates sifted at once: a part of the space, unless that is too few for two threads or too many for the memory."""
_MOST_PARTS = 4096
"""The best of every part are judged: in spaces of billions, parts grow instead of their number."""


def find_device(name: str) -> torch.device:
    """The device on which candidates are screened.

    Raises:
        PlanError: when there is no such device here.
    """
    if name == "cuda" and not torch.cuda.is_available():
        raise PlanError(
            "device is cuda, but this machine has no GPU that torch can use",
            "write device: cpu, or install a CUDA build of torch and the GPU's driver",
        )
    return torch.device(name)


def screen(
    problem: PlanningProblem,
    beliefs: Beliefs,
    yardstick: Yardstick,
    settings: PlateSettings,
    n_keep: int,
    rng: np.random.Generator,
    progress: Callable[[str], None],
    runner: Runner | None = None,
) -> tuple[IntArray, int]:
    """The most promising candidates of the space.

    Args:
        problem: the round.
        beliefs: the models.
        yardstick: what is good.
        settings: which plate settings are open; each gets its share of the list.
        n_keep: how many candidates to return, roughly.
        rng: for directions and samples.
        progress: told how far the screening is.
        runner: who scores the parts of the space; the threads of this process when None. It changes no result.

    Returns:
        Ranks, sorted and distinct; the number of candidates scored.

    Raises:
        PlanError: when the round's device is not there.
    """
    if problem.device != "cpu" and runner is not None and not runner.is_here:
        mend = "leave --runner out, or write device: cpu"
        raise PlanError(f"device is {problem.device}, which screens in this process only", mend)
    device = find_device(problem.device)
    with one_thread(), Threads() as here:
        study = make_study(problem, beliefs, yardstick, settings, n_keep, rng, here, runner or here)
        listing = make_listing(problem, settings)
        if listing is None or problem.space.size <= DIRECT:
            return _judge_all(study, progress)
        if problem.space.size > (problem.screen_up_to or EXHAUSTIVE):
            passing, screened = search(study, listing, device, rng, progress)
        else:
            passing, screened = _sift(study, make_sieve(study, listing, device, rng), progress)
        return _shortlist(study, study.kept(passing)), screened


def _judge_all(study: Study, progress: Callable[[str], None]) -> tuple[IntArray, int]:
    """Judge every candidate."""
    space = study.problem.space
    best: list[Kept] = []
    local: list[IntArray] = []
    screened = 0
    for ranks in space.stream(_BLOCK):
        kept = study.kept(ranks)
        screened += len(ranks)
        best = [best_of(merged([*best, kept]), study.per_choice)]
        local.append(_best_of_parts(study, kept))
        progress(f"screening: {screened:,} of {space.size:,} candidates")
    everywhere = spread(np.concatenate(local), study.n_keep // 2)
    return np.union1d(best[0].ranks, everywhere), screened


def _shortlist(study: Study, kept: Kept) -> IntArray:
    """The best of all, and the best of every part of the space."""
    everywhere = spread(_best_of_parts(study, kept), study.n_keep // 2)
    return np.union1d(best_of(kept, study.per_choice).ranks, everywhere)


def _best_of_parts(study: Study, kept: Kept) -> IntArray:
    """Ranks (sorted) of the best by each score and choice in every one of `PARTS` equal parts of the space."""
    each = max(study.n_keep // (2 * PARTS * study.n_scores * len(study.settings)), 1)
    per_part = np.full(study.n_scores, each)
    parts = by_parts(kept.ranks, study.problem.space.size)
    nothing = [np.zeros(0, dtype=np.int64)]
    return np.concatenate([best_of(kept.rows(rows), per_part).ranks for rows in parts] or nothing)


def _sift(study: Study, sieve: Sieve, progress: Callable[[str], None]) -> tuple[IntArray, int]:
    """Ranks of what passes, and how many were scored."""
    listing = sieve.listing
    each = len(listing.combinations)
    wanted = max(int(np.clip(listing.size // PARTS, *_SIFTED)), -(-listing.size // _MOST_PARTS))
    block = max(wanted // each, 1)
    n = listing.n_compositions
    ranges = _Ranges(n, block)
    passed: list[IntArray] = []
    for (_, stop), found in zip(ranges, study.runner.map(_passed_of_range, sieve, ranges), strict=True):
        passed.append(found)
        progress(f"screening: {stop * each:,} of {n * each:,} candidates")
    return np.unique(np.concatenate(passed)), n * each


class _Ranges(Sequence[tuple[int, int]]):
    """The numbers from 0 to `n` in ranges of `block`, (first, one past the last) each; never listed."""

    def __init__(self, n: int, block: int) -> None:
        self._starts, self._n, self._block = range(0, n, block), n, block

    def __len__(self) -> int:
        return len(self._starts)

    def __getitem__(self, place: Any) -> Any:
        start = self._starts[place]
        return start, min(start + self._block, self._n)


def _passed_of_range(sieve: Sieve, numbers: tuple[int, int]) -> IntArray:
    """Ranks (sorted) of what passes, and of the best, among the compositions of a range of numbers."""
    first, stop = numbers
    at_once = max(_SIFTED[1] // len(sieve.listing.combinations), 1)
    pieces = (
        np.arange(start, min(start + at_once, stop), dtype=np.int64) for start in range(first, stop, at_once)
    )
    return np.unique(np.concatenate(sieve.passed(pieces)))


__all__ = ["find_device", "open_candidates", "screen"]
