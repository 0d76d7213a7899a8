"""A plate as blocks of wells with settings of their own: which wells are whose, and how reserved wells spread."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from alloop.arrays import IntArray
from alloop.errors import PlanError
from alloop.planning.problem import PlateRules
from alloop.planning.settings import PlateSettings, check_fixed, plate_settings
from alloop.space import Process


@dataclass(frozen=True)
class BlockTask:
    """What one block of a plate has to hold; a plate that is not divided is one block without a name.

    Attributes:
        name: of the block, or None.
        wells: labels to fill, in reading order.
        controls, replicates, random: how many of the wells are reserved for each.
        choices: the combinations of shared settings that are open to it.
    """

    name: str | None
    wells: tuple[str, ...]
    controls: int
    replicates: int
    random: int
    choices: IntArray


def divide(
    process: Process, rules: PlateRules, rng: np.random.Generator
) -> tuple[PlateSettings, tuple[BlockTask, ...]]:
    """The open shared settings of a plate and its blocks, reserved wells spread evenly over them.

    Each role is spread by itself, so that every block gets its share of controls; which block gets one more differs
    from plate to plate.

    Raises:
        PlanError: when no combination of settings is open, to the plate or to a block.
    """
    settings = plate_settings(process, rules.fixed_settings, has_blocks=bool(rules.blocks))
    parts = [(block.name, tuple(w for w in rules.wells if w in block.wells)) for block in rules.blocks]
    named: list[tuple[str | None, tuple[str, ...]]] = [(name, wells) for name, wells in parts if wells]
    if not rules.blocks:
        named = [(None, rules.wells)]
    sizes = [len(wells) for _, wells in named]
    taken = [0] * len(named)
    order = [int(b) for b in rng.permutation(len(named))] if len(named) > 1 else [0]
    controls = deal(rules.control.count if rules.control else 0, sizes, taken, order)
    replicates = deal(rules.replicates, sizes, taken, order)
    random = deal(rules.random, sizes, taken, order)
    tasks = []
    for place, (name, wells) in enumerate(named):
        fixed = rules.fixed_in_block.get(name, {}) if name is not None else {}
        check_fixed(process, fixed)
        try:
            choices = settings.with_values(fixed)
        except PlanError as error:
            raise PlanError(error.problems[0].what, "unlock a well of the block", f"block {name}") from error
        tasks.append(BlockTask(name, wells, controls[place], replicates[place], random[place], choices))
    if not common_groups(settings, tasks):
        raise PlanError(
            "the settings that are fixed in blocks cannot stand on one plate", "unlock some wells"
        )
    return settings, tuple(tasks)


def common_groups(settings: PlateSettings, tasks: Sequence[BlockTask]) -> set[int]:
    """The combinations of plate settings that every block can have."""
    return set.intersection(*(set(settings.groups[task.choices].tolist()) for task in tasks))


def deal(count: int, sizes: Sequence[int], taken: list[int], order: Sequence[int]) -> list[int]:
    """Spread `count` wells of one role over blocks as evenly as their sizes allow; `taken` is counted up.

    Args:
        count: how many.
        sizes: wells of each block.
        taken: wells of each block that are reserved already.
        order: which block is served first among equals.
    """
    own = [0] * len(sizes)
    for _ in range(count):
        open_blocks = [b for b in order if taken[b] < sizes[b]]
        if not open_blocks:
            break
        block = min(open_blocks, key=lambda b: ((own[b] + 1) / sizes[b], taken[b] / sizes[b]))
        own[block] += 1
        taken[block] += 1
    return own
