"""The precursors on the shelf: read, checked and built."""

from __future__ import annotations

from typing import Literal

from alloop.campaign_file.models import PrecursorModel
from alloop.campaign_file.report import Report
from alloop.campaign_file.yaml_reader import Path
from alloop.chemistry.charge import ERROR, charge_excess
from alloop.chemistry.formula import parse_formula
from alloop.chemistry.precursors import Precursor, make_precursor
from alloop.chemistry.shelf import Shelf

PRECURSORS: Path = ("precursors",)


def read_shelf(report: Report, atmosphere: Literal["air", "inert"]) -> Shelf | None:
    """The shelf; None when the file lists no precursors, or none that can be used, which is noted."""
    if report.at(PRECURSORS) is None:
        return None
    if report.at(PRECURSORS) == []:
        report.say(PRECURSORS, "the list is empty", "list precursors, or remove the key for no restriction")
    found: list[Precursor] = []
    listed: set[str] = set()
    for path, model in report.items(PrecursorModel, PRECURSORS, short="formula"):
        if model.formula in listed:
            report.say((*path, "formula"), f"{model.formula} is listed twice", "keep it once")
            continue
        listed.add(model.formula)
        amounts = parse_formula(model.formula)
        excess = charge_excess(amounts)
        if len(amounts) > 1 and abs(excess) > ERROR:  # a powder of one element is neutral as it is
            report.warn(
                (*path, "formula"), f"{model.formula} is not neutral ({excess:+.2f} e)", "check its formula"
            )
        with report.catching(path):
            found.append(
                make_precursor(
                    model.formula,
                    model.gives,
                    purity=model.purity,
                    excess=model.excess,
                    price_per_g=model.price_per_g,
                    stock_g=model.stock_g,
                    needs_inert=model.atmosphere == "inert",
                )
            )
    if not report.clean(PRECURSORS):
        return None
    with report.catching(PRECURSORS):
        return Shelf(tuple(found), atmosphere)
    return None
