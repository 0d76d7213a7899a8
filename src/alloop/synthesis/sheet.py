"""The sheet that goes to the bench: self-contained HTML, printed on A4.

Pages are laid out here, in millimetres, rather than left to the browser: every page gets its own header and
number, and no well is cut by the end of a page. Every piece of text comes escaped.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from html import escape
from typing import Any, NamedTuple

from alloop.synthesis.planned import PlannedPlate, read_plan
from alloop.synthesis.plate_map import plate_map_svg
from alloop.synthesis.sheet_parts import (
    Block,
    advice_blocks,
    batch_blocks,
    expectation_blocks,
    facts_html,
    outlook_blocks,
    price_blocks,
    shelf_blocks,
    well_blocks,
)
from alloop.synthesis.sheet_style import STYLE
from alloop.synthesis.weigh import WeighPlan

_BODY_MM = 267.0
"""Height for blocks on a page, below its header."""


class _Page(NamedTuple):
    subject: str
    body: str


def plan_sheet_html(plan: Mapping[str, Any], weigh: WeighPlan | None, proposed: bool) -> str:
    """The printable sheet of a plate.

    Cover with settings and map; powders to fetch, warnings and master batches; a card per well with one tick
    box per portion; for a proposal also what is expected of each well and why, and a mark on every page.

    Args:
        plan: the content of plan.json.
        weigh: the portions; None when the campaign declares no precursors.
        proposed: whether the plate still waits for approval.
    """
    plate = read_plan(plan)
    cover = f'{facts_html(plate, weigh)}<div class="map">{plate_map_svg(plan)}</div>{_SIGN}'
    cover = f'<div class="cover">{cover}</div>'
    pages = [_Page(plate.title or plate.campaign, cover)]
    if weigh is not None:
        pages += _paged("Powders to fetch", [*shelf_blocks(weigh), *advice_blocks(plate, weigh)])
        pages += _paged("Master batches", batch_blocks(weigh))
        if plate.stations:
            for station in plate.stations:
                pages += _paged(f"{station.name}, wells", well_blocks(plate, weigh, station.wells), _span)
        else:
            pages += _paged("Wells", well_blocks(plate, weigh), _span)
    else:
        pages += _paged("Before you start", advice_blocks(plate, None))
    if proposed:
        told = [*outlook_blocks(plate), *price_blocks(plate), *expectation_blocks(plate)]
        pages += _paged("What is expected", told, _span)
    bodies = "\n".join(
        _page_html(plate, page, number, len(pages), proposed) for number, page in enumerate(pages, start=1)
    )
    mark = " (proposed)" if proposed else ""
    return (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f"<title>{escape(plate.plate)}{mark}</title>\n<style>{STYLE}</style>\n</head>\n<body>\n{bodies}\n</body>\n</html>\n"
    )


_SIGN = '<div class="sign"><div>Weighed by</div><div>Date</div><div>Balance</div></div>'


def _span(subject: str, blocks: Sequence[Block]) -> str:
    """The subject of a page with its first and last well."""
    names = [name for block in blocks for name in (block.first, block.last) if name]
    return f"{subject} {names[0]} to {names[-1]}" if names else subject


def _paged(
    subject: str,
    blocks: Sequence[Block],
    title: Callable[[str, Sequence[Block]], str] = lambda subject, blocks: subject,
) -> list[_Page]:
    """As few pages as hold the blocks in order; a table that goes on gets its header again."""
    pages: list[list[Block]] = []
    used = 0.0
    table: Block | None = None
    for block in blocks:
        if not block.is_row:
            table = block if block.closing else None
        if not pages or used + block.height_mm + block.keep_mm > _BODY_MM:
            pages.append([table] if block.is_row and table is not None else [])
            used = sum(entry.height_mm for entry in pages[-1])
        pages[-1].append(block)
        used += block.height_mm
    return [_Page(title(subject, page), _joined(page)) for page in pages]


def _joined(blocks: Sequence[Block]) -> str:
    """The blocks' HTML, tables closed after their last row."""
    parts: list[str] = []
    closing = ""
    for block in blocks:
        if not block.is_row:
            parts.append(closing)
            closing = block.closing
        parts.append(block.html)
    return "\n".join(filter(None, [*parts, closing]))


def _page_html(plate: PlannedPlate, page: _Page, number: int, count: int, proposed: bool) -> str:
    mark = '<span class="mark">PROPOSED</span>' if proposed else ""
    watermark = '<div class="watermark">PROPOSED</div>' if proposed else ""
    size = "long" if len(plate.plate) > 24 else "usual"
    parts = [
        f'<section class="page">{watermark}<header class="head">',
        f'<b class="{size}">{escape(plate.plate)}</b><span class="what">{escape(page.subject)}</span>{mark}',
        f'<span class="count">{number} / {count}</span></header>\n{page.body}\n</section>',
    ]
    return "".join(parts)
