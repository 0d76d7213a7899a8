"""Units as instrument programs write them: what they measure, and the factor to the unit of a recording.

The dozen units of such headings come in spellings that no unit library knows (``kOhm``, ``sec``, ``uA/cm^2``), from
files that nobody has checked; a closed list is read fast and does nothing unforeseen.
"""

from __future__ import annotations

import math
import unicodedata
from functools import lru_cache

_PREFIXES = {"p": 1e-12, "n": 1e-9, "u": 1e-6, "μ": 1e-6, "m": 1e-3, "k": 1e3, "K": 1e3, "M": 1e6, "G": 1e9}
_PREFIXED = {
    "Hz": "Hz", "HZ": "Hz",
    "ohm": "ohm", "Ohm": "ohm", "OHM": "ohm", "ohms": "ohm", "Ohms": "ohm", "Ω": "ohm",
    "V": "V", "A": "A", "s": "s", "S": "siemens",
}  # fmt: skip
_WHOLE = {
    "hz": ("Hz", 1.0), "khz": ("Hz", 1e3), "kHZ": ("Hz", 1e3),  # "mhz" could be millihertz or megahertz
    "sec": ("s", 1.0), "second": ("s", 1.0), "seconds": ("s", 1.0), "Sec": ("s", 1.0),
    "min": ("s", 60.0), "minutes": ("s", 60.0), "h": ("s", 3600.0), "hr": ("s", 3600.0), "hours": ("s", 3600.0),
    "volt": ("V", 1.0), "volts": ("V", 1.0), "Volts": ("V", 1.0), "Amps": ("A", 1.0), "amps": ("A", 1.0),
    "amp": ("A", 1.0), "ampere": ("A", 1.0),
    "deg": ("rad", math.pi / 180), "°": ("rad", math.pi / 180), "degree": ("rad", math.pi / 180),
    "degrees": ("rad", math.pi / 180), "grad": ("rad", math.pi / 180), "Grad": ("rad", math.pi / 180),
    "Deg": ("rad", math.pi / 180), "º": ("rad", math.pi / 180),
    "rad": ("rad", 1.0), "radian": ("rad", 1.0), "radians": ("rad", 1.0), "rad/s": ("rad/s", 1.0),
    "°C": ("degC", 1.0), "degC": ("degC", 1.0), "C": ("degC", 1.0), "K": ("kelvin", 1.0), "degK": ("kelvin", 1.0),
    "mm": ("mm", 1.0), "cm": ("mm", 10.0), "um": ("mm", 1e-3), "μm": ("mm", 1e-3), "m": ("mm", 1e3),
    "cm2": ("cm2", 1.0), "mm2": ("cm2", 0.01), "m2": ("cm2", 1e4),
    "V/s": ("V/s", 1.0), "mV/s": ("V/s", 1e-3), "mV/min": ("V/s", 1e-3 / 60), "V/min": ("V/s", 1 / 60),
}  # fmt: skip
_PER_AREA = {"/cm2": 1.0, "cm-2": 1.0, "/cm^2": 1.0, "/m2": 1e-4}
_BY_AREA = ("cm2", "area")


@lru_cache(maxsize=4096)
def scale(text: str) -> tuple[str, float] | None:
    """What a unit measures and the factor to it: ``"kOhm"`` gives ``("ohm", 1000.0)``; None for no known unit.

    Kinds: Hz, rad/s, ohm, ohm*cm2, V, A, A/cm2, s, rad, degC, kelvin, mm, cm2, V/s, siemens.
    """
    if len(text) > 24:
        return None
    unit = unicodedata.normalize("NFKC", text).replace("µ", "μ").strip()
    for old, new in (("^", ""), (" ", ""), (".", ""), ("·", ""), ("*", ""), ("⋅", ""), ("−", "-")):
        unit = unit.replace(old, new)
    if unit in _WHOLE:
        return _WHOLE[unit]
    for ending, per_cm2 in _PER_AREA.items():
        if unit.endswith(ending):
            current = scale(unit[: -len(ending)])
            return ("A/cm2", current[1] * per_cm2) if current is not None and current[0] == "A" else None
    for ending in _BY_AREA:
        if unit.lower().endswith(ending):
            resistance = scale(unit[: -len(ending)])
            return ("ohm*cm2", resistance[1]) if resistance is not None and resistance[0] == "ohm" else None
    if unit in _PREFIXED:
        return _PREFIXED[unit], 1.0
    if unit[:1] in _PREFIXES and unit[1:] in _PREFIXED:
        return _PREFIXED[unit[1:]], _PREFIXES[unit[:1]]
    return None
