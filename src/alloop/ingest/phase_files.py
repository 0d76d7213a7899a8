"""A table of the phases of one sample to the fractions that a campaign aims at."""

from __future__ import annotations

from collections.abc import Sequence

from alloop.ingest.phases import is_target, phase_fractions
from alloop.instruments import DerivedValue, Evaluation, Flag
from alloop.instruments.diffraction import PhaseTable

_FORMAT = "table of phases"


def evaluate_phases(table: PhaseTable, target: Sequence[str], is_amorphous: bool) -> Evaluation:
    """The fractions of the target phase (of the glass, where `is_amorphous`) and of what is amorphous, from a table.

    A phase is the target when its name, with or without its space group, is one of the campaign's. When none is, it
    may be absent or called otherwise: then there is no value.
    """
    shown = tuple(
        DerivedValue(
            "phase_fraction",
            fraction,
            "1",
            conditions={"phase": f"{name} {group}".strip()},
            is_measurement=False,
        )
        for name, group, fraction in table.phases
    )
    names: dict[str, float] = {}
    for name, group, fraction in table.phases:
        full = f"{name} {group}".strip()
        called = full if is_target(full, target) else name
        names[called] = names.get(called, 0.0) + fraction
    flags = list(table.flags)
    if target and not is_amorphous and not any(is_target(name, target) for name in names):
        words = (
            f"none of the phases ({', '.join(names)}) is called like the target ({' or '.join(target)}): add its name "
            "to target_phase in the campaign file, or state target_phase_fraction in a results table"
        )
        flags.append(Flag("target_not_named", words, "refusal"))
        return Evaluation(_FORMAT, "phase table", shown, tuple(flags))
    found = phase_fractions(names, target, is_amorphous)
    values = tuple(DerivedValue(name, value, "1", method="table of phases") for name, value in found.items())
    return Evaluation(_FORMAT, "phase table", values + shown, tuple(flags))


__all__ = ["evaluate_phases"]
