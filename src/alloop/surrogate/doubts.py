"""What is doubted of the values that models learn from."""

from __future__ import annotations

from dataclasses import dataclass

FAR_FOR_A_UNIT = 4.0
"""Standard deviations beyond which a value is suspect whose deviation is what a wrong prefix makes."""

_UNIT_SLACK = 0.6  # decades around a power of a thousand


@dataclass(frozen=True)
class Suspect:
    """A value far from what everything else says of it.

    Attributes:
        row: its row in the observations.
        expected: what was expected instead, on the model scale.
        z: how far off it is, in standard deviations of that expectation.
        siblings: how many values of its plate are off together by the same amount; 0 for a value by itself.
        shift: that amount; 0 for a value by itself.
    """

    row: int
    expected: float
    z: float
    siblings: int = 0
    shift: float = 0.0


def looks_like_a_unit(deviation: float) -> bool:
    """Whether a deviation in decades is near a power of a thousand."""
    thousands = round(deviation / 3.0)
    return thousands != 0 and abs(deviation - 3.0 * thousands) <= _UNIT_SLACK
