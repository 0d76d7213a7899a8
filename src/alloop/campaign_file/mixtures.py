"""Mixtures of end members: read, checked and built."""

from __future__ import annotations

from fractions import Fraction

from alloop.campaign_file.checks import check_multiple, check_order
from alloop.campaign_file.fields import number_text
from alloop.campaign_file.report import Report, nearest
from alloop.campaign_file.space_models import EndMemberModel, MixtureModel
from alloop.campaign_file.yaml_reader import Path
from alloop.chemistry.charge import ERROR, WARN, charge_excess
from alloop.chemistry.formula import composition_key, parse_formula
from alloop.space.definition import EndMember, Mixture

MIXTURE: Path = ("space", "mixture")
MEMBERS: Path = (*MIXTURE, "end_members")


def read_mixture(report: Report) -> Mixture | None:
    """The mixture of the file; None when it cannot be made out, which is noted."""
    model = report.section(MixtureModel, MIXTURE)
    entries = report.items(EndMemberModel, MEMBERS, short="formula")
    if model is None:
        return None
    if report.at(MEMBERS) in ([], None):
        report.say(MEMBERS, "there is no end member", "list formulas such as Li2S and P2S5")
    sound = _check_step(report, model.step)
    formulas = [entry.formula for _, entry in entries]
    _check_formulas(report, entries)
    for formula in model.per:
        if formula not in formulas and report.clean(MEMBERS):
            report.say((*MIXTURE, "per"), f"{formula} is no end member", nearest(formula, formulas))
    members = []
    for path, entry in entries:
        for name, bound in (("min", entry.min), ("max", entry.max)):
            if bound is not None and sound:
                check_multiple(report, (*path, name), bound, model.step)
        check_order(report, path, entry.min, entry.max)
        outside = bool(model.per) and entry.formula not in model.per
        if outside and entry.max is None:
            what = f"{entry.formula} stands outside per and has no max"
            report.say(path, what, "give its largest amount per former")
        if not outside and entry.max is not None and entry.max > 1:
            what = f"{entry.formula} cannot exceed the whole, which is 1"
            report.say((*path, "max"), what, "write 1 or less")
        low = Fraction(0) if entry.min is None else entry.min
        members.append(EndMember(entry.formula, parse_formula(entry.formula), low, entry.max))
    mixture = Mixture(model.basis, model.step, tuple(members), model.per)
    if report.clean(MIXTURE):
        _check_sum(report, mixture)
    return mixture


def _check_step(report: Report, step: Fraction) -> bool:
    parts = 1 / step
    if parts.denominator == 1:
        return True
    near = Fraction(1, max(1, round(parts)))
    what = f"step {number_text(step)} does not divide 1"
    report.say((*MIXTURE, "step"), what, f"the nearest that does is {number_text(near)}")
    return False


def _check_formulas(report: Report, entries: list[tuple[Path, EndMemberModel]]) -> None:
    seen: dict[str, str] = {}
    for path, entry in entries:
        amounts = parse_formula(entry.formula)
        key = composition_key(amounts)
        if key in seen:
            what = f"{entry.formula} is the same end member as {seen[key]}"
            report.say((*path, "formula"), what, "keep one of them")
        seen[key] = entry.formula
        excess = charge_excess(amounts)
        if abs(excess) > ERROR:
            what = f"{entry.formula} is not neutral: {excess:+.2f} e per formula unit are left over"
            report.say((*path, "formula"), what, "check its amounts")
        elif abs(excess) > WARN:
            report.warn((*path, "formula"), f"{entry.formula} is off neutrality by {excess:+.3f} e")


def _check_sum(report: Report, mixture: Mixture) -> None:
    summed = [member for member in mixture.end_members if not mixture.per or member.formula in mixture.per]
    least = sum((member.min for member in summed), Fraction(0))
    most = sum((Fraction(1) if member.max is None else member.max for member in summed), Fraction(0))
    if least > 1:
        report.say(MEMBERS, f"the smallest amounts already sum to {number_text(least)}", "lower some min")
    if most < 1:
        report.say(MEMBERS, f"the largest amounts only sum to {number_text(most)}", "raise some max")
