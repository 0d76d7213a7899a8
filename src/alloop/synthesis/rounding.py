"""Masses as a balance shows them."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction


def round_to_balance(mass_mg: float, resolution_mg: float) -> float:
    """The nearest mass that the balance can show, as the decimal number it shows (12.3, not 12.299999)."""
    step = Fraction(str(resolution_mg))
    return float(round(Fraction(mass_mg) / step) * step)


def balance_decimals(resolution_mg: float) -> int:
    """Decimals of a mass in mg on a balance of this resolution: 1 for 0.1 mg, 2 for 0.05 mg, 0 for 1 mg."""
    exponent = Decimal(str(resolution_mg)).normalize().as_tuple().exponent
    return max(0, -exponent) if isinstance(exponent, int) else 0


def write_mass(mass_mg: float, resolution_mg: float) -> str:
    """A mass in mg with the decimals of the balance: `12.30`."""
    return f"{mass_mg:.{balance_decimals(resolution_mg)}f}"
