"""Which planned well goes where on the plate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

import numpy as np

from alloop.planning.chosen import Chosen
from alloop.planning.problem import Role
from alloop.planning.reasons import component_reason
from alloop.space import Candidate, Space

T = TypeVar("T")


@dataclass(frozen=True)
class Entry:
    """A well before it has a place."""

    role: Role
    candidate: Candidate
    rank: int | None
    why: str
    block: str | None
    replicate_of: str | None = None


def entries_of(space: Space, chosen: Chosen) -> list[tuple[list[Entry], list[Entry]]]:
    """For each block (controls and replicates, the other wells)."""
    control = "the reference that ties plates together"
    found = []
    for block in chosen.blocks:
        name = block.name
        reserved = [Entry("control", c, space.find(c), control, name) for c in block.reserved.controls]
        for made in block.reserved.replicates:
            rank = space.find(made.candidate)
            reserved.append(Entry("replicate", made.candidate, rank, made.why, name, made.sample.sample))
        others = []
        for rank, why in zip(block.ranks.tolist(), block.whys, strict=True):
            role: Role = "random" if why == "random" else "candidate"
            text = "drawn at random: the yardstick" if role == "random" else component_reason(why)
            others.append(Entry(role, space.candidate(rank), rank, text, name))
        found.append((reserved, others))
    return found


def placed(
    chosen: Chosen, entries: Sequence[tuple[Sequence[T], Sequence[T]]], rng: np.random.Generator
) -> list[tuple[str, T]]:
    """(Label, entry) in reading order of the plate, each entry at random within its block.

    Args:
        chosen: the plate's blocks with their wells.
        entries: for each block reserved ones and others.
        rng: of the places.
    """
    dealt: dict[str, T] = {}
    for block, (reserved, others) in zip(chosen.blocks, entries, strict=True):
        dealt.update(spread_over_wells(reserved, others, block.wells, rng))
    labels = {label for block in chosen.blocks for label in block.wells}
    return [(label, dealt[label]) for label in sorted(labels, key=_reading_order) if label in dealt]


def _reading_order(label: str) -> tuple[int, str, int]:
    letters = label.rstrip("0123456789")
    return len(letters), letters, int(label[len(letters) :] or 0)


def spread_over_wells(
    reserved: Sequence[T], others: Sequence[T], wells: Sequence[str], rng: np.random.Generator
) -> list[tuple[str, T]]:
    """Deal entries out to well labels at random, `reserved` ones spread over the reading order.

    A random place keeps an effect of the place (edge, oven gradient) from looking like chemistry; places of
    controls differ from plate to plate with the seed, so that a turned plate can be told.

    Returns:
        (label, entry) in reading order of `wells`.
    """
    n = len(reserved) + len(others)
    places = list(wells[:n])
    taken: dict[int, T] = {}
    if reserved:
        edges = np.linspace(0, n, len(reserved) + 1)
        order = rng.permutation(len(reserved))
        for number, entry in enumerate(order):
            low, high = int(edges[number]), int(edges[number + 1])
            taken[int(rng.integers(low, max(high, low + 1)))] = reserved[int(entry)]
    free = [place for place in range(n) if place not in taken]
    for place, index in zip(free, rng.permutation(len(others)), strict=True):
        taken[place] = others[int(index)]
    return [(places[place], taken[place]) for place in range(n)]
