"""Numbers and units in running text, as a chemist writes them."""

from __future__ import annotations

_RAISED = str.maketrans("0123456789-", "⁰¹²³⁴⁵⁶⁷⁸⁹⁻")


def shown_unit(unit: str) -> str:
    """A unit as it is printed: `°C`, `mA/cm²`; nothing for a pure number."""
    return "" if unit == "1" else unit.replace("degC", "°C").replace("^2", "²").replace("^3", "³")


def shown_value(value: float, unit: str = "") -> str:
    """A value of two digits with its unit: `4.1 V`, `1.2·10⁻⁶ S/cm`."""
    if value == 0 or 0.01 <= abs(value) < 1e4:
        text = f"{value:.2g}" if abs(value) < 100 else f"{value:.0f}"
    else:
        digits, power = f"{value:.1e}".split("e")
        text = f"{digits}·10{str(int(power)).translate(_RAISED)}"
    return f"{text} {shown_unit(unit)}".strip()
