"""Which planned well goes where on the plate."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TypeVar

import numpy as np

T = TypeVar("T")


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
