"""Potentials against the metal of the mobile ion: what the reference electrode must state."""

from __future__ import annotations

import re
from collections.abc import Mapping

from alloop.errors import InstrumentError

INDIUM_LITHIUM_V = 0.62
"""In/InLi against Li+/Li, in its two-phase region (A. L. Santhosha et al., Batteries & Supercaps 2 (2019) 524)."""

_ALIASES = {
    "reference_electrode": ("reference_electrode", "reference"),
    "counter": ("counter_electrode", "counter"),
}


def shift_to_metal(stated: Mapping[str, float | str], mobile_ion: str) -> tuple[float, str]:
    """What must be added to a measured voltage so that it stands against M+/M, and the name of that scale.

    A reference of another kind needs `reference_offset_V`, its potential against the metal of the mobile ion. The
    indium-lithium electrode is known, where it is stated as reference.

    Args:
        stated: conditions and metadata: `reference_electrode`, `reference_offset_V`, `counter_electrode`.
        mobile_ion: such as "Li+".

    Raises:
        InstrumentError: when the reference is not stated or its potential is not known.
    """
    metal = re.sub(r"[^A-Za-z]", "", mobile_ion)
    scale = f"{mobile_ion}/{metal}"
    name = _first(stated, _ALIASES["reference_electrode"])
    if "reference_offset_V" in stated:
        return _offset(stated["reference_offset_V"]), scale
    if not name or "unspecified" in name.lower():
        counter = _first(stated, _ALIASES["counter"])
        against = f"; only the counter electrode is ({counter})" if counter else ""
        raise InstrumentError(
            f"the reference electrode is not stated{against}",
            f'state it: reference_electrode "{scale}", or "In/InLi" in a cell without a third electrode',
        )
    elements = set(re.findall(r"[A-Z][a-z]?", name))
    if elements == {metal}:
        return 0.0, scale
    if elements == {"In", "Li"} and metal == "Li":
        return INDIUM_LITHIUM_V, scale
    raise InstrumentError(
        f"the potential of {name!r} against {scale} is not known", "state it in volts: reference_offset_V"
    )


def _first(stated: Mapping[str, float | str], names: tuple[str, ...]) -> str:
    return next((str(stated[name]).strip() for name in names if str(stated.get(name, "")).strip()), "")


def _offset(value: float | str) -> float:
    try:
        return float(value)
    except ValueError:
        raise InstrumentError(f"reference_offset_V is {value!r}", "give it in volts") from None
