"""Whether the size of a pellet is known and believable: without it no conductivity, no current density."""

from __future__ import annotations

from alloop.instruments.evaluation import Flag
from alloop.instruments.recording import Geometry

THICKNESS_MM = (0.01, 20.0)
AREA_CM2 = (0.005, 20.0)
"""Of a believable pellet; EC-Lab writes 0.001 cm2 where nobody entered an area."""


def size_flags(given: Geometry, stated: Geometry, *, thickness: bool = True) -> tuple[Flag, ...]:
    """Why a resistance or a current cannot be put per size; empty where it can.

    Args:
        given: by a person, who may know better: doubted at most.
        stated: in the file, which is often an instrument's default: not believed when implausible.
        thickness: whether the thickness is needed beside the area.
    """
    both = given.over(stated)
    parts = [("area", both.area_cm2, given.area_cm2, AREA_CM2, "cm2")]
    if thickness:
        parts.insert(0, ("thickness", both.thickness_mm, given.thickness_mm, THICKNESS_MM, "mm"))
    flags = []
    missing = [name for name, value, *_ in parts if value is None]
    if missing:
        words = f"no {' and no '.join(missing)} of the pellet: nothing can be given per size; state it with the upload"
        flags.append(Flag("geometry_missing", words, "refusal"))
    for name, value, by_person, (low, high), unit in parts:
        if value is not None and not low <= value <= high:
            whose = "given" if by_person is not None else "in the file"
            words = f"{name} of {value:g} {unit} {whose}, outside {low:g} to {high:g} {unit}"
            impossible = by_person is None or not 0.0 < value < float("inf")
            words += ": give the pellet's own" if by_person is None else ": check the unit"
            flags.append(Flag("geometry_implausible", words, "refusal" if impossible else "doubt"))
    return tuple(flags)


def is_refused(flags: tuple[Flag, ...]) -> bool:
    """Whether any flag means that there is no value."""
    return any(one.severity == "refusal" for one in flags)
