"""Formulas and small texts as HTML and SVG; everything that comes from outside is escaped here."""

from __future__ import annotations

import re
from html import escape

_AMOUNT = re.compile(r"(?<=[A-Za-z)\]])(\d+(?:\.\d+)?(?:/\d+)?)")
_UNIT = re.compile(r"·[^·]*|[A-Z][a-z]?[\d./]*|[)\]][\d./]*|[([]|.")


def formula_html(formula: str, breakable: bool = False) -> str:
    """The formula with its amounts as subscripts; `breakable` lets a line end before an element."""
    pieces = _UNIT.findall(formula) if breakable else [formula]
    return "<wbr>".join(_AMOUNT.sub(r"<sub>\1</sub>", escape(piece)) for piece in pieces)


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
    """The formula in lines of at most `width` em, broken only before an element, a bracket or water."""
    lines = [""]
    for piece in _UNIT.findall(formula):
        if lines[-1] and text_width(lines[-1] + piece) > width and piece[0] not in ")]":
            lines.append("")
        lines[-1] += piece
    return lines


def text_width(text: str) -> float:
    """Width in em, estimated from the widths of Helvetica; amounts count in the size of subscripts."""
    return sum(
        (0.8 if place % 2 else 1.0) * sum(map(_width, piece))
        for place, piece in enumerate(_AMOUNT.split(text))
    )


def value_html(value: float) -> str:
    """A measured or predicted value in two or three digits: `4.25`, or `3.2·10` with its power raised."""
    if value == 0 or 0.01 <= abs(value) < 1e5:
        return f"{value:.3g}" if abs(value) < 1000 else f"{value:.0f}"
    digits, exponent = f"{value:.1e}".split("e")
    return f"{digits}·10<sup>{int(exponent)}</sup>".replace("-", "−")


def shortened(text: str, width: float) -> str:
    """The text, cut with an ellipsis where it is wider than `width` em."""
    if text_width(text) <= width:
        return text
    while text and text_width(text) > width - 1.0:
        text = text[:-1]
    return f"{text}…"


def _width(character: str) -> float:
    if character in ".,;:·ijltfI ()[]/|":
        return 0.28
    if character in "mwMW%":
        return 0.85
    return 0.7 if character.isupper() else 0.556
