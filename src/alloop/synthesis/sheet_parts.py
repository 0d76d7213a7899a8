"""The parts of the printed sheet, as blocks of known height."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil

from alloop.chemistry.formula import format_formula
from alloop.synthesis.advice import MasterBatch
from alloop.synthesis.markup import formula_html, text_width, value_html, wrap_formula
from alloop.synthesis.numbers import shown_unit
from alloop.synthesis.planned import PlannedPlate, PlannedWell, Prediction
from alloop.synthesis.rounding import write_mass
from alloop.synthesis.weigh import PrecursorTotal, WeighPlan, WellWeights

_LEGEND = (
    "Each value is what a new sample should show, with the interval that holds nine of ten. “Feasible” is the chance "
    "that it forms and meets the constraints, “hit” that it meets the targets too (without targets: that it is among "
    "the best).",
    "“Driven by”: what in the well moves the prediction away from that of the undoped host (of the average candidate "
    "where there is no host), and by how much; ×2 doubles it, +0.1 adds 0.1.",
    "“Near”: the most similar things measured so far. 1 is the usual distance between measured neighbours.",
    "“Teaches”: where the predictions would become surer once the well is measured.",
)
_FORMULA_EM = 14.6  # room for a formula on a card, in its type: 64 mm at 12 pt
_NAME_EM = 6.0  # for a precursor, at 14 pt
_SETTING_EM = 10.5  # for a setting, at 11 pt
_TICK = '<td class="tick"><span class="box"></span></td>'


@dataclass(frozen=True)
class Block:
    """A piece of a page that is never cut.

    `keep_mm` is the room that must remain below it on the same page. A block that opens a table has what
    closes it in `closing`; the rows that follow have `is_row` and get the opening again where a page ends
    among them. `first` and `last` are the wells it is about.
    """

    html: str
    height_mm: float
    keep_mm: float = 0.0
    closing: str = ""
    is_row: bool = False
    first: str = ""
    last: str = ""


def facts_html(plate: PlannedPlate, weigh: WeighPlan | None) -> str:
    """What holds for the whole plate, in large type."""
    facts = [(name.replace("_", " "), value) for name, value in plate.shared_settings.items()]
    facts.append(("wells to make", str(len(plate.wells))))
    if weigh is not None:
        facts.append(("product in each well", f"{weigh.sample_mass_g:g} g"))
        facts.append(("atmosphere", weigh.atmosphere))
    return (
        '<div class="facts">'
        + "".join(
            f'<div class="fact"><span>{escape(name)}</span><span class="value">{escape(value)}</span></div>'
            for name, value in facts
        )
        + "</div>"
    )


def _heading(text: str) -> Block:
    return Block(f"<h2>{escape(text)}</h2>", 14.0, keep_mm=18.0)


def _table(header: str) -> Block:
    return Block(f'<table class="list"><tr>{header}</tr>', 7.5, keep_mm=10.0, closing="</table>")


def _notes(lines: Sequence[str]) -> list[Block]:
    return [
        Block(f'<ul class="notes"><li>{escape(line)}</li></ul>', 1.7 + 5.2 * ceil(len(line) / 80))
        for line in lines
    ]


def shelf_blocks(weigh: WeighPlan) -> list[Block]:
    """The precursors with what the plate takes of each."""
    header = "<th></th><th>precursor</th><th class='amount'>plate takes</th><th class='amount'>in stock</th>"
    blocks = [_table(header + "<th class='amount'>portions</th><th>note</th>")]
    for total in weigh.totals:
        stock = "" if total.stock_g is None else f"{total.stock_g:g} g"
        if total.is_short:
            stock = f"<b>only {stock}</b>"
        row = (
            f'<tr>{_TICK}<td class="name">{formula_html(total.precursor.formula)}</td>'
            f'<td class="amount"><b>{total.total_g:.3f} g</b></td><td class="amount">{stock}</td>'
            f'<td class="amount">{total.portions}</td><td class="note">{_note(total)}</td></tr>'
        )
        blocks.append(Block(row, 9.3, is_row=True))
    return blocks


def _note(total: PrecursorTotal) -> str:
    precursor = total.precursor
    notes = []
    if precursor.purity < 1:
        notes.append(f"{100 * precursor.purity:.6g} % pure")
    if precursor.excess:
        notes.append(f"+{100 * precursor.excess:.4g} % unless the well says so")
    if precursor.gives != precursor.elements:
        notes.append(f"leaves {formula_html(format_formula(precursor.gives))}")
    return ", ".join(notes)


def advice_blocks(plate: PlannedPlate, weigh: WeighPlan | None) -> list[Block]:
    """How to read the cards, and everything to know before the first powder is weighed."""
    lines = []
    if weigh is not None:
        step = write_mass(weigh.balance_resolution_mg, weigh.balance_resolution_mg)
        worst = max(weigh.wells, key=lambda well: well.composition_error, default=None)
        lines.append(
            f"Masses are in mg, rounded to the balance ({step} mg), purity and excess included. Every "
            f"well gives {weigh.sample_mass_g:g} g of product after firing; the powder weighed in is heavier."
        )
        if worst is not None:
            lines.append(
                "Rounding shifts no element by more than "
                f"{100 * worst.composition_error:.2g} % of the atoms (worst: {worst.well})."
            )
        lines.append("Tick each portion as it goes in; if the balance shows another mass, write it beside.")
        if any(portion.exact_mg < weigh.min_portion_mg for portion in weigh.portions):
            lines.append(f"A star marks portions below {weigh.min_portion_mg:g} mg: see “Take care”.")
    else:
        lines.append("This campaign declares no precursors, so there is no weigh list.")
    parts = [f"{part.name}: {part.words} ({_wells(part.wells)})." for part in plate.blocks if part.words]
    parts += [
        f"Make in the station {part.name} ({part.words}): {_wells(part.wells)}." for part in plate.stations
    ]
    blocks = [_heading("Before you start"), *_notes([*plate.warnings, *parts, *lines])]
    if weigh is not None and weigh.advice:
        blocks += [_heading("Take care"), *_notes(weigh.advice)]
    return blocks


def _wells(labels: Sequence[str]) -> str:
    """Wells in short: neighbours of a row as `A01–A08`."""
    spans: list[list[str]] = []
    for label in labels:
        last = spans[-1][-1] if spans else ""
        follows = last and last[:-2] == label[:-2] and int(label[-2:]) == int(last[-2:]) + 1
        if follows:
            spans[-1].append(label)
        else:
            spans.append([label])
    return ", ".join(span[0] if len(span) == 1 else f"{span[0]}–{span[-1]}" for span in spans)


def outlook_blocks(plate: PlannedPlate) -> list[Block]:
    """What the plate is expected to bring, for the person who decides whether to make it."""
    if not plate.outlook:
        return []
    return [_heading("Is it worth making?"), *_notes([f"{t[:1].upper()}{t[1:]}." for t in plate.outlook])]


def price_blocks(plate: PlannedPlate) -> list[Block]:
    """What the plate's rules cost, for the person who may loosen them."""
    if not plate.prices:
        return []
    about = "Each rule by itself: how much less the plate is expected to bring than one without it."
    return [_heading("What the rules cost"), *_notes([about, *plate.prices])]


def batch_blocks(weigh: WeighPlan) -> list[Block]:
    """The master batches that may replace small portions, with the portions they change."""
    blocks: list[Block] = []
    for number, batch in enumerate(weigh.batches, start=1):
        blocks += _batch(number, batch, weigh.balance_resolution_mg)
    return blocks


def _batch(number: int, batch: MasterBatch, step: float) -> list[Block]:
    name, carrier = formula_html(batch.precursor), formula_html(batch.carrier)
    recipe = (
        f"<p><b>Grind {write_mass(batch.precursor_mg, step)} mg {name} with "
        f"{write_mass(batch.carrier_mg, step)} mg {carrier}</b> (1 : {batch.parts} by mass). Then, instead "
        f"of what the card says for {name} and {carrier}:</p>"
    )
    blocks = [
        Block(f"<h2>Batch {number}: {name} in {carrier}</h2>{recipe}", 30.0, keep_mm=18.0),
        _table(
            f"<th></th><th>well</th><th class='amount'>mg from batch {number}</th>"
            f"<th class='amount'>mg {carrier} by itself</th><th></th>"
        ),
    ]
    for portion in batch.portions:
        row = (
            f'<tr>{_TICK}<td class="name">{escape(portion.well)}</td>'
            f'<td class="amount"><b>{write_mass(portion.batch_mg, step)}</b></td>'
            f'<td class="amount">{write_mass(portion.carrier_mg, step)}</td><td></td></tr>'
        )
        blocks.append(Block(row, 9.3, is_row=True))
    return blocks


def well_blocks(plate: PlannedPlate, weigh: WeighPlan, only: Collection[str] | None = None) -> list[Block]:
    """The wells' cards, two side by side; of the wells `only`, where they are named."""
    planned = {well.well: well for well in plate.wells}
    listed = [weights for weights in weigh.wells if only is None or weights.well in only]
    cards = [_card(plate, planned.get(weights.well), weights, weigh) for weights in listed]
    blocks = []
    for start in range(0, len(cards), 2):
        pair = cards[start : start + 2]
        html = f'<div class="pair">{"".join(card.html for card in pair)}</div>'
        height = max(card.height_mm for card in pair) + 3.0
        blocks.append(Block(html, height, first=pair[0].first, last=pair[-1].last))
    return blocks


def _card(plate: PlannedPlate, planned: PlannedWell | None, weights: WellWeights, weigh: WeighPlan) -> Block:
    """A well: its name, what it is, a row for each portion, then its own settings and the sum."""
    role = "" if planned is None or planned.role == "candidate" else planned.role
    rows, height = [], max(12.4, 1.2 + 5.2 * len(wrap_formula(weights.formula, _FORMULA_EM))) + 0.8
    for portion in weights.portions:
        mark = "* " if portion.exact_mg < weigh.min_portion_mg else ""
        mass = write_mass(portion.mass_mg, weigh.balance_resolution_mg)
        rows.append(
            f'<tr>{_TICK}<td class="name">{formula_html(portion.precursor, True)}</td>'
            f'<td class="amount">{mark}{mass}</td><td class="written"></td></tr>'
        )
        height += 7.25 * len(wrap_formula(portion.precursor, _NAME_EM))
    settings = [] if planned is None else _own_settings(plate, planned)
    height += max(6.4, 1.4 + 5.0 * sum(ceil(text_width(text) / _SETTING_EM) for text in settings))
    rows.append(
        f'<tr class="sum"><td colspan="2">{"<br>".join(map(escape, settings))}</td><td class="amount">= '
        f'{write_mass(weights.powder_mg, weigh.balance_resolution_mg)}</td><td class="written">mg</td></tr>'
    )
    label = f'<div class="label{" control" if role == "control" else ""}">{escape(weights.well)}'
    label += f"<small>{escape(role)}</small></div>" if role else "</div>"
    what = f'<div class="what">{formula_html(weights.formula, True)}</div>'
    html = f'<div class="well"><div class="top">{label}{what}</div><table>{"".join(rows)}</table></div>'
    return Block(html, height, first=weights.well, last=weights.well)


def _own_settings(plate: PlannedPlate, well: PlannedWell) -> list[str]:
    """The settings that are not the whole plate's: `milling time 5 h`."""
    named = ((name.replace("_", " "), plate.setting(well, name)) for name in plate.well_settings)
    return [f"{name} {value}" for name, value in named if value]


def expectation_blocks(plate: PlannedPlate) -> list[Block]:
    """What is expected of each well, and why it is there."""
    blocks = []
    if any(well.because for well in plate.wells):
        blocks += [_heading("How to read the wells"), *_notes(_LEGEND)]
    for well in plate.wells:
        numbers = [f"{name.replace('_', ' ')} <b>{_interval(p)}</b>" for name, p in well.predictions.items()]
        if well.p_feasible is not None:
            numbers.append(f"feasible <b>{_percent(well.p_feasible)}</b>")
        if well.p_hit is not None:
            numbers.append(f"hit <b>{_percent(well.p_hit)}</b>")
        reason = _plain_reason(well.reason)
        settings = ", ".join(_own_settings(plate, well))
        role = well.role + (f" of {well.replicate_of}" if well.replicate_of else "")
        about = " · ".join(filter(None, (settings, role)))
        head = f"<b>{formula_html(well.formula)}</b> · {escape(about)}"
        html = (
            f'<div class="expect"><div class="label">{escape(well.well)}</div><div>{head}<br>'
            f'<span class="numbers">{"".join(f"<span>{text}</span>" for text in numbers)}</span>'
            f"{'<br>' if numbers and reason else ''}{escape(reason)}"
            f"{''.join(f'<br>{_labelled(line)}' for line in well.because)}</div></div>"
        )
        lines = ceil((len(well.formula) + len(about) + 3) / 78) + ceil(len(reason) / 84)
        lines += ceil(sum(len(_plain(text)) + 3 for text in numbers) / 76)
        lines += sum(ceil(len(line) / 88) for line in well.because)
        blocks.append(Block(html, 2.7 + 5.0 * max(lines, 2), first=well.well, last=well.well))
    return blocks


def _plain_reason(reason: str) -> str:
    """The reason without the numbers that stand above it on the sheet."""
    kept = [part for part in reason.split("; ") if not part.startswith(("expected ", "hit ", "feasible "))]
    text = "; ".join(kept)
    return f"{text[:1].upper()}{text[1:]}"


def _labelled(line: str) -> str:
    """A sentence with what stands before its first colon in bold."""
    label, colon, text = line.partition(": ")
    return f"<b>{escape(label)}</b>{escape(text and f' {text}')}" if colon else escape(line)


def _interval(prediction: Prediction) -> str:
    unit = f" {escape(shown_unit(prediction.unit))}".rstrip()
    low, high = value_html(prediction.low90), value_html(prediction.high90)
    return f"{value_html(prediction.median)}{unit}" + (f" ({low} to {high})" if low != high else "")


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %"


def _plain(html: str) -> str:
    return re.sub("<[^>]*>", "", html)
