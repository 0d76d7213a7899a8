"""What stands at the top of a column: a name and a unit."""

from __future__ import annotations

import re

from alloop.errors import UnitError
from alloop.units import is_unit, normalise_unit

_BRACKETED = re.compile(r"^(?P<name>.*?)\s*\[(?P<unit>[^\[\]]*)\]\s*$", re.DOTALL)
_IN_PARENTHESES = re.compile(r"^(?P<name>.*?)\s*\((?P<unit>(?:[^()]|\([^()]*\))*)\)\s*$", re.DOTALL)
# Kinds of conductivity and "room temperature", which would otherwise be read as gigabytes and roentgens.
_NO_UNITS = ("gb", "rt")
_BEHIND_STROKE = re.compile(r"^(?P<name>.*?\S)\s+/\s*(?P<unit>\S.*)$", re.DOTALL)


def split_unit(heading: str) -> tuple[str, str]:
    """A heading parted into its name and its unit: ``σ [mS/cm]``, ``σ (mS/cm)`` or ``σ / mS cm⁻¹``.

    Square brackets always hold a unit; what stands in parentheses or behind a stroke only if it is one. The
    unit is "" where there is none.
    """
    text = " ".join(heading.split())
    found = _BRACKETED.match(text)
    if found is not None:
        return found["name"].strip(), found["unit"].strip()
    for pattern in (_IN_PARENTHESES, _BEHIND_STROKE):
        found = pattern.match(text)
        if found is not None and _reads_as_unit(found["unit"]):
            return found["name"].strip(), found["unit"].strip()
    return text, ""


def _reads_as_unit(text: str) -> bool:
    try:
        return text.strip().lower() not in ("", *_NO_UNITS) and (normalise_unit(text) == "1" or is_unit(text))
    except UnitError:
        return False
