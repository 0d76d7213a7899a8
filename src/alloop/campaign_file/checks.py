"""Small checks that several sections share."""

from __future__ import annotations

from fractions import Fraction

from alloop.campaign_file.fields import number_text
from alloop.campaign_file.report import Report
from alloop.campaign_file.yaml_reader import Path


def check_order(report: Report, path: Path, low: Fraction | int | None, high: Fraction | int | None) -> bool:
    """Note bounds of which the lower lies above the upper; True when they are in order."""
    if low is not None and high is not None and low > high:
        text = f"min {number_text(Fraction(low))} lies above max {number_text(Fraction(high))}"
        report.say((*path, "min"), text, "swap or widen the bounds")
        return False
    return True


def check_some_bound(
    report: Report, path: Path, low: Fraction | int | None, high: Fraction | int | None
) -> bool:
    """Note a limit without any bound, or with crossed ones; True when it is sound."""
    if low is None and high is None:
        report.say(path, "there is neither min nor max", "give at least one of them")
        return False
    return check_order(report, path, low, high)


def check_multiple(report: Report, path: Path, value: Fraction, step: Fraction) -> bool:
    """Note a bound that no multiple of the step meets; True when it is one."""
    count = value / step
    if count.denominator == 1:
        return True
    lower, upper = step * int(count), step * (int(count) + 1)
    near = " or ".join(number_text(bound) for bound in (lower, upper) if bound)
    report.say(
        path,
        f"{path[-1]} {number_text(value)} is no multiple of the step {number_text(step)}",
        f"use {near}, or another step",
    )
    return False
