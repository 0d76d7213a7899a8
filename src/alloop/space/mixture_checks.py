"""Checks of a mixture's definition."""

from __future__ import annotations

from fractions import Fraction

from alloop.errors import Problem
from alloop.space.checks import check_ends, plain_number
from alloop.space.definition import EndMember, Limits, Mixture

_WHERE = "space.mixture"


def check_mixture(mixture: Mixture, limits: Limits) -> list[Problem]:
    """Everything that is wrong with a definition by itself."""
    step = mixture.step
    if step <= 0 or step > 1 or (1 / step).denominator != 1:
        near = Fraction(1, max(1, round(1 / step))) if step > 0 else Fraction(1, 100)
        mend = f"the nearest that does is {plain_number(near)}"
        return [Problem(_WHERE, f"step {plain_number(step)} does not divide 1", mend)]
    problems = []
    formulas = [member.formula for member in mixture.end_members]
    if not formulas:
        problems.append(Problem(_WHERE, "has no end members", "list formulas such as Li2S and P2S5"))
    for formula in sorted({formula for formula in formulas if formulas.count(formula) > 1}):
        problems.append(Problem(_WHERE, f"{formula} is listed twice", "keep one of the two"))
    for formula in mixture.per:
        if formula not in formulas:
            mend = f"choose from {', '.join(formulas)}"
            problems.append(Problem(_WHERE, f"per names {formula}, which is no end member", mend))
    for member in mixture.end_members:
        problems += _check_member(mixture, member, limits)
    summed = [m for m in mixture.end_members if not mixture.per or m.formula in mixture.per]
    least = sum((m.min for m in summed), Fraction(0))
    most = sum((Fraction(1) if m.max is None else m.max for m in summed), Fraction(0))
    if least > 1:
        problems.append(
            Problem(_WHERE, f"the minima add up to {plain_number(least)}, more than 1", "lower one")
        )
    if most < 1:
        problems.append(
            Problem(_WHERE, f"the maxima add up to {plain_number(most)}, less than 1", "raise one")
        )
    return problems + _check_limits(formulas, limits)


def _check_member(mixture: Mixture, member: EndMember, limits: Limits) -> list[Problem]:
    where = f"end member {member.formula}"
    problems = []
    ratio = bool(mixture.per) and member.formula not in mixture.per
    if any(sign in member.formula for sign in ";|=,:"):
        problems.append(Problem(where, "is no usable name", "write it without ';', '|', '=', ',' and ':'"))
    if member.min < 0:
        problems.append(Problem(where, f"min {plain_number(member.min)} is below zero"))
    if member.max is None and ratio:
        problems.append(Problem(where, "is a ratio to others and needs a max", "give one"))
    if member.max is not None and member.min > member.max:
        what = f"min {plain_number(member.min)} is above max {plain_number(member.max)}"
        problems.append(Problem(where, what, "exchange them"))
    if member.max is not None and member.max < mixture.step:
        what = f"max {plain_number(member.max)} is below the step {plain_number(mixture.step)}"
        problems.append(Problem(where, what, "leave the member out, or use a smaller step"))
    if member.max is not None and member.max > 1 and not ratio:
        problems.append(Problem(where, f"max {plain_number(member.max)} is more than the whole", "write 1"))
    for name, value in (("min", member.min), ("max", member.max)):
        if value is not None and (value / mixture.step).denominator != 1:
            near = round(value / mixture.step) * mixture.step
            what = f"{name} {plain_number(value)} is no multiple of the step {plain_number(mixture.step)}"
            problems.append(Problem(where, what, f"the nearest is {plain_number(near)}"))
    out = [element for element in member.elements if element in limits.exclude_elements]
    if out and member.min > 0:
        mend = "take it off limits.exclude_elements, or leave the member out"
        problems.append(Problem(where, f"must be present but holds the excluded {out[0]}", mend))
    return problems


def _check_limits(formulas: list[str], limits: Limits) -> list[Problem]:
    problems = []
    if limits.max_dopants is not None:
        mend = "bound the number of end members by limits.distinct"
        problems.append(Problem("limits.max_dopants", "a mixture has no dopants", mend))
    named = [(f"limits.amounts[{i}]", w[0], w[1]) for i, a in enumerate(limits.amounts) for w in a.weights]
    named += [(f"limits.distinct[{i}]", s, d.site) for i, d in enumerate(limits.distinct) for s in d.species]
    for where, label, site in named:
        if label not in formulas:
            mend = f"choose from {', '.join(formulas)}"
            problems.append(Problem(where, f"{label} is no end member", mend))
        if site is not None:
            problems.append(Problem(where, f"a mixture has no site {site}", "leave out 'site'"))
    for i, amount in enumerate(limits.amounts):
        problems += check_ends(f"limits.amounts[{i}]", amount.min, amount.max)
    for i, distinct in enumerate(limits.distinct):
        problems += check_ends(f"limits.distinct[{i}]", distinct.min, distinct.max)
    return problems
