"""Figures as inline SVG: points, lines and intervals over two axes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import Literal

Scale = Literal["linear", "log10"]

# Distinct in hue and in lightness, also for colour-blind readers (Okabe & Ito, https://jfly.uni-koeln.de/color/).
COLOURS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#000000")
_STYLE = (
    "svg{font-family:system-ui,sans-serif;font-size:12px}svg .title{font-weight:600;font-size:13px}"
    "svg .small{font-size:10.5px;fill:#444}svg .middle{text-anchor:middle}svg .end{text-anchor:end}"
    "svg .frame{fill:none;stroke:#888}svg .grid{stroke:#eee}svg .tick{stroke:#888}"
    "svg .level{stroke:#a00;stroke-dasharray:4 3}"
)
"""Within each figure, so that it is whole in a file of its own as well as on a page."""
_WIDTH, _HEIGHT = 460, 300
_LEFT, _RIGHT, _TOP, _BOTTOM = 62, 14, 34, 46


@dataclass(frozen=True)
class Series:
    """Points (x, y) of one kind, as `dots`, a `line` through dots, or a bare `curve`.

    `intervals` are (low, high) per point, where there are any. Values on a log10 axis are logarithms.
    """

    name: str
    points: Sequence[tuple[float, float]]
    form: Literal["dots", "line", "curve"] = "dots"
    colour: str = COLOURS[0]
    intervals: Sequence[tuple[float, float]] = ()
    titles: Sequence[str] = ()


@dataclass(frozen=True)
class Axis:
    """An axis: what it shows, and whether its values are logarithms. `whole` asks for whole numbers as ticks."""

    label: str
    scale: Scale = "linear"
    whole: bool = False


def figure(
    title: str,
    x: Axis,
    y: Axis,
    series: Sequence[Series],
    levels: Sequence[tuple[str, float]] = (),
    diagonal: bool = False,
) -> str:
    """A figure as an `svg` element.

    Args:
        title: above the figure.
        x, y: the axes.
        series: what is shown; those without points are left out.
        levels: horizontal lines (name, value), such as a target.
        diagonal: whether to draw the line of y = x.
    """
    shown = [one for one in series if one.points]
    if not shown:
        return f'<p class="none">{escape(title)}: nothing to show yet.</p>'
    xs = [point[0] for one in shown for point in one.points]
    ys = [point[1] for one in shown for point in one.points] + [value for _, value in levels]
    ys += [bound for one in shown for interval in one.intervals for bound in interval]
    if diagonal:
        xs = ys = [*xs, *ys]
    across, up = _Range.around(xs, x), _Range.around(ys, y)
    parts = [_frame(title, x, y, across, up)]
    for name, value in levels:
        height = _y(up, value)
        parts.append(
            f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{height:.1f}" y2="{height:.1f}" class="level"/>'
            f'<text x="{_WIDTH - _RIGHT - 3}" y="{height - 3:.1f}" class="small end">{escape(name)}</text>'
        )
    if diagonal:
        low, high = max(across.low, up.low), min(across.high, up.high)
        parts.append(
            f'<line x1="{_x(across, low):.1f}" y1="{_y(up, low):.1f}" x2="{_x(across, high):.1f}" '
            f'y2="{_y(up, high):.1f}" class="level"/>'
        )
    parts += [_draw(one, across, up) for one in shown]
    if len(shown) > 1 or shown[0].name:
        parts.append(_legend(shown))
    return (
        f'<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" aria-label="{escape(title)}" '
        f'xmlns="http://www.w3.org/2000/svg"><style>{_STYLE}</style>{"".join(parts)}</svg>'
    )


@dataclass(frozen=True)
class _Range:
    low: float
    high: float
    ticks: tuple[float, ...]

    @classmethod
    def around(cls, values: Sequence[float], axis: Axis) -> _Range:
        low, high = min(values), max(values)
        # of a single value, wide enough that rounding does not close the range again
        margin = 0.06 * (high - low) or max(0.5, 1e-6 * abs(low))
        if axis.whole:
            margin = max(margin, 0.5)
        low, high = low - margin, high + margin
        return cls(low, high, _ticks(low, high, axis))


def _ticks(low: float, high: float, axis: Axis) -> tuple[float, ...]:
    """About five round values inside an interval."""
    rough = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(m * power for m in (1, 2, 5, 10) if m * power >= rough * 0.999)
    if axis.whole or (axis.scale == "log10" and high - low > 2):
        step = max(1.0, math.ceil(step))
    first = math.ceil(low / step)
    return tuple(step * number for number in range(first, math.floor(high / step) + 1))


def tick_text(value: float, axis: Axis) -> str:
    """The text at a tick; powers of ten on an axis of logarithms."""
    if axis.scale == "log10":
        return f"1e{value:.0f}" if abs(value - round(value)) < 1e-9 else f"{10**value:.1e}"
    return f"{value:.6g}"


def _x(across: _Range, value: float) -> float:
    return _LEFT + (value - across.low) / (across.high - across.low) * (_WIDTH - _LEFT - _RIGHT)


def _y(up: _Range, value: float) -> float:
    return _HEIGHT - _BOTTOM - (value - up.low) / (up.high - up.low) * (_HEIGHT - _TOP - _BOTTOM)


def _frame(title: str, x: Axis, y: Axis, across: _Range, up: _Range) -> str:
    bottom, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
    parts = [
        f'<text x="{_LEFT}" y="16" class="title">{escape(title)}</text>',
        f'<rect x="{_LEFT}" y="{_TOP}" width="{right - _LEFT}" height="{bottom - _TOP}" class="frame"/>',
        f'<text x="{(_LEFT + right) / 2:.0f}" y="{_HEIGHT - 8}" class="middle">{escape(x.label)}</text>',
        f'<text transform="translate(13 {(_TOP + bottom) / 2:.0f}) rotate(-90)" class="middle">'
        f"{escape(y.label)}</text>",
    ]
    for value in across.ticks:
        place = _x(across, value)
        parts.append(
            f'<line x1="{place:.1f}" x2="{place:.1f}" y1="{bottom}" y2="{bottom + 4}" class="tick"/>'
            f'<text x="{place:.1f}" y="{bottom + 16}" class="small middle">{tick_text(value, x)}</text>'
        )
    for value in up.ticks:
        place = _y(up, value)
        parts.append(
            f'<line x1="{_LEFT}" x2="{right}" y1="{place:.1f}" y2="{place:.1f}" class="grid"/>'
            f'<text x="{_LEFT - 5}" y="{place + 3.5:.1f}" class="small end">{tick_text(value, y)}</text>'
        )
    return "".join(parts)


def _draw(one: Series, across: _Range, up: _Range) -> str:
    parts = []
    for (x, _), (low, high) in zip(one.points, one.intervals, strict=False):
        parts.append(
            f'<line x1="{_x(across, x):.1f}" x2="{_x(across, x):.1f}" y1="{_y(up, low):.1f}" '
            f'y2="{_y(up, high):.1f}" stroke="{one.colour}" stroke-opacity="0.3"/>'
        )
    if one.form != "dots":
        corners = " ".join(f"{_x(across, x):.1f},{_y(up, y):.1f}" for x, y in one.points)
        width = 2 if one.form == "line" else 1
        parts.append(
            f'<polyline points="{corners}" fill="none" stroke="{one.colour}" stroke-width="{width}"/>'
        )
    if one.form == "curve":
        return "".join(parts)
    for number, (x, y) in enumerate(one.points):
        title = f"<title>{escape(one.titles[number])}</title>" if one.titles else ""
        parts.append(
            f'<circle cx="{_x(across, x):.1f}" cy="{_y(up, y):.1f}" r="3" fill="{one.colour}" '
            f'fill-opacity="0.75">{title}</circle>'
        )
    return "".join(parts)


def _legend(shown: Sequence[Series]) -> str:
    parts, place = [], float(_LEFT)
    for one in shown:
        parts.append(
            f'<circle cx="{place + 4:.0f}" cy="26" r="3.5" fill="{one.colour}"/>'
            f'<text x="{place + 11:.0f}" y="29.5" class="small">{escape(one.name)}</text>'
        )
        place += 22 + 5.6 * len(one.name)
    return "".join(parts)
