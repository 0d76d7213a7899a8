"""The plate seen from above, as SVG."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from html import escape
from typing import Any, NamedTuple

from alloop.synthesis.markup import formula_svg, shortened, text_width, wrap_formula
from alloop.synthesis.planned import PlannedPlate, PlannedWell, read_plan, write_label

WIDTH_MM = 186.0
_LEFT, _TOP = 7.0, 6.5  # room for the letters of the rows and the numbers of the columns
_LEGEND = 10.0
_TALLEST = 200.0  # of the wells together: what a page leaves room for
_ROOMY = 13.0  # narrower wells carry their label only
_PT = 0.3528  # millimetres
_LINE = 'stroke="#000" stroke-width="0.35"'
_FONT = "font-family=\"'Liberation Sans', Arial, Helvetica, sans-serif\""


class _Look(NamedTuple):
    """How a role is drawn: in grey the fills are 95, 80, 70 and 15 % light, and the role is written out."""

    fill: str
    ink: str
    word: str


_LOOKS = {
    "candidate": _Look("#eaf2fb", "#000", ""),
    "random": _Look("#c3dc9b", "#000", "random"),
    "replicate": _Look("#f0a04b", "#000", "repeat"),
    "control": _Look("#1b2a49", "#fff", "control"),
}


def plate_map_svg(plan: Mapping[str, Any]) -> str:
    """The wells with role, formula and own settings; empty places are dashed.

    The role is written out as well as coloured, so the map can be printed in grey. Each well carries its
    sample name and reason as a tooltip.
    """
    plate = read_plan(plan)
    cell_w = min((WIDTH_MM - _LEFT) / plate.columns, 34.0)
    cell_h = min(1.7 * cell_w, 25.0, _TALLEST / plate.rows)
    width, height = _LEFT + cell_w * plate.columns, _TOP + cell_h * plate.rows + _LEGEND
    by_label = {well.well: well for well in plate.wells}
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.1f}mm" height="{height:.1f}mm" '
        f'viewBox="0 0 {width:.1f} {height:.1f}" role="img" '
        f'preserveAspectRatio="xMidYMin meet" {_FONT}>',
        f"<title>Plate {escape(plate.plate)}</title>",
    ]
    for column in range(plate.columns):
        x = _LEFT + cell_w * (column + 0.5)
        parts.append(_text(x, _TOP - 1.8, str(column + 1), 12, "middle", bold=True))
    for row in range(plate.rows):
        y = _TOP + cell_h * row
        letter = write_label(row, 0)[:-2]
        parts.append(_text(_LEFT / 2 - 0.5, y + cell_h / 2 + 1.5, letter, 12, "middle", bold=True))
        for column in range(plate.columns):
            well = by_label.get(write_label(row, column))
            parts.append(_cell(plate, well, _LEFT + cell_w * column, y, cell_w, cell_h))
    parts += _borders(plate, cell_w, cell_h)
    parts.append(_legend(plate, height - _LEGEND + 3.2, cell_w - 1 >= _ROOMY))
    return "\n".join([*parts, "</svg>"]) + "\n"


def _borders(plate: PlannedPlate, w: float, h: float) -> list[str]:
    """Heavy lines between wells of different blocks."""
    block = {well: part.name for part in plate.blocks for well in part.wells}
    lines = []
    for row in range(plate.rows):
        for column in range(plate.columns):
            own = block.get(write_label(row, column))
            x, y = _LEFT + w * column, _TOP + h * row
            for other, ends in (
                (write_label(row, column + 1), (x + w, y, x + w, y + h)),
                (write_label(row + 1, column), (x, y + h, x + w, y + h)),
            ):
                if own and block.get(other, own) != own:
                    x1, y1, x2, y2 = ends
                    at = f'x1="{x1:.2f}" y1="{y1:.2f}" x2="{x2:.2f}" y2="{y2:.2f}"'
                    lines.append(f'<line {at} stroke="#000" stroke-width="0.9"/>')
    return lines


def _cell(plate: PlannedPlate, well: PlannedWell | None, x: float, y: float, w: float, h: float) -> str:
    x, y, w, h = x + 0.5, y + 0.5, w - 1.0, h - 1.0
    box = f'x="{x:.2f}" y="{y:.2f}" width="{w:.2f}" height="{h:.2f}" rx="1.2"'
    if well is None:
        return f'<rect {box} fill="none" stroke="#777" stroke-width="0.3" stroke-dasharray="1 1"/>'
    look = _LOOKS.get(well.role, _LOOKS["candidate"])
    band = 5.2 if w >= _ROOMY else h
    corners = (
        f"v{1.2 - band:.2f} a1.2 1.2 0 0 1 1.2 -1.2 h{w - 2.4:.2f} a1.2 1.2 0 0 1 1.2 1.2 v{band - 1.2:.2f}"
    )
    lines = [
        f"<g><title>{escape(_tooltip(plate, well))}</title>",
        f'<rect {box} fill="#fff" {_LINE}/>',
        f'<path d="M{x:.2f} {y + band:.2f} {corners} z" fill="{look.fill}" {_LINE}/>',
    ]
    label_pt = 12.0 if w >= 18.5 else 10.0 if w >= _ROOMY else 9.0 if w >= 9 else 6.0
    lines.append(
        _text(
            x + 0.9, y + band / 2 + 0.5 * label_pt * _PT * 0.7, well.well, label_pt, "start", True, look.ink
        )
    )
    if w >= _ROOMY and look.word:
        word = look.word if w >= 18.5 else f"{look.word[:3]}."
        lines.append(_text(x + w - 0.8, y + band - 1.3, word, 8.0, "end", False, look.ink))
    if w >= _ROOMY:
        own = " · ".join(filter(None, (plate.setting(well, name) for name in plate.well_settings)))
        lines += _body(well, own, x, y + band, w, h - band)
    return "\n".join([*lines, "</g>"])


def _body(well: PlannedWell, own: str, x: float, y: float, w: float, h: float) -> list[str]:
    """The formula in the largest type in which it fits above the settings; cut where none is small enough."""
    room = h - (3.9 if own else 0.8)
    for points in (10.0, 9.5, 9.0, 8.5, 8.0, 7.5, 7.0, 6.5, 6.0):
        step = points * _PT * 1.18
        wrapped = wrap_formula(well.formula, (w - 1.4) / (points * _PT))
        if len(wrapped) * step <= room:
            break
    shown = wrapped[: max(1, int(room / step))]
    if len(shown) < len(wrapped):
        shown[-1] += "…"
    texts = []
    for place, line in enumerate(shown):
        texts.append(_text(x + 0.8, y + step * (place + 0.88), "", points, "start", inner=formula_svg(line)))
    if own:
        points = min(9.0, max(6.0, (w - 1.6) / (_PT * 1.05 * text_width(own))))
        own = shortened(own, (w - 1.6) / (_PT * 1.05 * points) + 1e-6)
        texts.append(_text(x + 0.8, y + h - 1.1, own, points, "start", bold=True))
    return texts


def _tooltip(plate: PlannedPlate, well: PlannedWell) -> str:
    settings = ", ".join(f"{name} {plate.setting(well, name)}" for name in well.settings)
    where = ", ".join(filter(None, (well.block, f"made in {well.station}" if well.station else "")))
    return "\n".join(
        filter(None, (f"{well.sample} ({well.role})", well.formula, settings, where, well.reason))
    )


def _legend(plate: PlannedPlate, y: float, is_roomy: bool) -> str:
    counts = Counter(well.role if well.role in _LOOKS else "candidate" for well in plate.wells)
    parts, x = [], _LEFT + 0.5
    for role, look in _LOOKS.items():
        if counts[role]:
            text = f"{counts[role]} {look.word or role}"
            parts.append(
                f'<rect x="{x:.2f}" y="{y - 2.6:.2f}" width="5" height="3.2" fill="{look.fill}" {_LINE}/>'
            )
            parts.append(_text(x + 6, y, text, 10.0, "start"))
            x += 11 + text_width(text) * 10.0 * _PT
    if plate.well_settings and is_roomy:
        text = "bold below the formula: " + ", ".join(name.replace("_", " ") for name in plate.well_settings)
        parts.append(_text(_LEFT + 0.5, y + 4.8, text, 10.0, "start"))
    return "\n".join(parts)


def _text(
    x: float,
    y: float,
    text: str,
    points: float,
    anchor: str,
    bold: bool = False,
    ink: str = "#000",
    inner: str = "",
) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return (
        f'<text x="{x:.2f}" y="{y:.2f}" font-size="{points * _PT:.2f}" text-anchor="{anchor}"{weight} '
        f'fill="{ink}">{inner or escape(text)}</text>'
    )
