"""Formulas and small texts as HTML and SVG; everything that comes from outside is escaped here."""

from __future__ import annotations

import re
from html import escape

_AMOUNT = re.compile(r"(?<=[A-Za-z)\]])(\d+(?:\.\d+)?(?:/\d+)?)")
_UNIT = re.compile(r"[A-Z][a-z]?[\d./]*|[)\]][\d./]*|[([]|.")


def formula_html(formula: str) -> str:
    """The formula with its amounts as subscripts."""
    return _AMOUNT.sub(r"<sub>\1</sub>", escape(formula))


def formula_svg(formula: str) -> str:
    """The formula as SVG text content, amounts lowered and smaller."""
    pieces = []
    for place, piece in enumerate(_AMOUNT.split(escape(formula))):
        if place % 2:
            pieces.append(f'<tspan dy="0.22em" font-size="78%">{piece}</tspan>')
        elif piece:
            pieces.append(f'<tspan dy="-0.17em">{piece}</tspan>' if place else piece)
    return "".join(pieces)


def wrap_formula(formula: str, width: float) -> list[str]:
    """The formula in lines of about `width` characters, broken only before an element or a bracket."""
    lines = [""]
    for piece in _UNIT.findall(formula):
        if lines[-1] and text_width(lines[-1] + piece) > width and piece[0] not in ")]·":
            lines.append("")
        lines[-1] += piece
    return lines


def text_width(formula: str) -> float:
    """Width in average characters; lowered amounts are narrower."""
    amounts = sum(len(found) for found in _AMOUNT.findall(formula))
    return len(formula) - 0.3 * amounts
