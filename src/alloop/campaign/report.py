"""`report`: a campaign as one self-contained page with figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from html import escape
from pathlib import Path
from typing import Any

from alloop.campaign.desk import Desk
from alloop.campaign.evidence import Evidence, gather, modelled_in
from alloop.campaign.ledger import Entry, compare
from alloop.campaign.plan_document import alloop_version
from alloop.campaign.progress import sample_values
from alloop.campaign.status import status_of
from alloop.campaign.told_status import Status
from alloop.figures import COLOURS, Axis, Series, figure
from alloop.planning.aims import Constraint, Objective
from alloop.properties import get_property
from alloop.scales import from_model_scale, model_value, to_model_scale
from alloop.whole_files import write_whole

_STYLE = """
body{font:15px/1.45 system-ui,sans-serif;color:#1a1a1a;max-width:1000px;margin:2em auto;padding:0 1em}
h1{margin-bottom:0}h2{margin-top:2em;border-bottom:1px solid #ccc}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(420px,1fr));gap:1em}
svg{width:100%;height:auto}
table{border-collapse:collapse;margin:.6em 0}th,td{text-align:left;padding:.2em .8em .2em 0}
td{border-bottom:1px solid #eee}td:first-child{white-space:nowrap}
.next{background:#eef6ee;border-left:4px solid #009e73;padding:.6em 1em}.none,.note{color:#666}
@media print{body{max-width:none;margin:0}h2{break-after:avoid}svg,tr{break-inside:avoid}}
"""
_ROLES = ("candidate", "replicate", "control", "random")
_MOST_SAMPLES = 15

Comparison = Mapping[str, Mapping[str, Sequence[float]]]
"""Curves against another way of working: quantity -> who -> a value per plate."""


def write_report(desk: Desk, path: Path, comparison: Comparison | None = None) -> Path:
    """Write the report of a campaign to `path` and return it; it needs nothing but a browser."""
    with desk.records.reading() as reader:
        evidence = gather(reader, desk.slug)
        predictions = reader.campaign_predictions(desk.slug)
    status = status_of(desk)
    entries = compare(evidence, predictions, modelled_in(desk.file))
    text = _page(desk, status, evidence, entries, comparison)
    return write_whole(path, text)


def _page(
    desk: Desk, status: Status, evidence: Evidence, entries: list[Entry], comparison: Comparison | None
) -> str:
    file = desk.file
    written = datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC")
    samples = sum(plate.measured for plate in status.plates)
    parts = [
        f"<h1>{escape(file.title)}</h1>",
        f'<p class="note">{escape(desk.slug)}, version {status.version} of its file; {status.round} plates, '
        f"{samples} measured samples; written {written} by alloop {escape(alloop_version())}</p>",
        f'<p class="next">Next: {escape(status.next_action)}</p>',
        *(f"<p>{escape(line[:1].upper() + line[1:])}.</p>" for line in status.outlook),
        *(f'<p class="note">Mind: {escape(line)}</p>' for line in status.warnings),
    ]
    if comparison:
        parts += ["<h2>Against plates picked at random</h2>", _figures(_compared(comparison))]
    parts += ["<h2>Progress</h2>", _figures(_progress(status)), _best(status)]
    parts += ["<h2>What was measured</h2>", _figures(_measured(desk, evidence)), _front_table(desk, evidence)]
    parts += [
        "<h2>Can the model be trusted?</h2>",
        _TRUST,
        _figures(_foretold(desk, entries)),
        _trust(status),
    ]
    parts += ["<h2>Plates</h2>", _plates(status), _outcomes(evidence)]
    return (
        f'<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8"><title>{escape(desk.slug)}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body>\n'
        + "\n".join(parts)
        + "\n</body></html>\n"
    )


_TRUST = (
    '<p class="note">Every prediction was frozen with its plan, before the sample was made. Points on the line were '
    "foretold exactly; nine of ten vertical intervals should cross it.</p>"
)


def _figures(figures: Iterable[str]) -> str:
    return f'<div class="figures">{"".join(figures)}</div>'


def _compared(comparison: Comparison) -> list[str]:
    found = []
    for quantity, curves in comparison.items():
        series = [
            Series(who, [(n + 1, value) for n, value in enumerate(values)], "line", COLOURS[number])
            for number, (who, values) in enumerate(curves.items())
        ]
        found.append(figure(f"True {quantity}", Axis("plate", whole=True), Axis(quantity), series))
    return found


def _progress(status: Status) -> list[str]:
    course = status.progress
    volume = [(n + 1, value) for n, value in enumerate(course.hypervolume)]
    plate = Axis("plate", whole=True)
    found = [figure("Hypervolume as measured", plate, Axis("hypervolume"), [Series("", volume, "line")])]
    if course.hits:
        hits = [(n + 1, float(value)) for n, value in enumerate(course.hits)]
        found.append(
            figure("Samples that meet every target", plate, Axis("hits"), [Series("", hits, "line")])
        )
    return found


def _measured(desk: Desk, evidence: Evidence) -> list[str]:
    """Every aimed-at property by plate, and the first two objectives against each other."""
    found = []
    order = {plate.id: plate.number for plate in evidence.plates}
    for aim in dict.fromkeys(map(_drawn, modelled_in(desk.file))):
        values = sample_values(evidence, aim, desk.file.shelf)
        series = []
        for number, role in enumerate(_ROLES):
            own = [
                s for s in evidence.samples if s.id in values and evidence.well_of_sample[s.id].role == role
            ]
            points = [(order[s.plate] + _spread(s.well), values[s.id]) for s in own]
            titles = [f"{s.id} {s.formula}" for s in own]
            series.append(Series(role, points, "dots", COLOURS[number], titles=titles))
        found.append(figure(_name(aim), Axis("plate", whole=True), _axis(aim), series, _levels(aim)))
    if len(desk.file.objectives) > 1:
        found.append(_front(desk, evidence))
    return found


def _front(desk: Desk, evidence: Evidence) -> str:
    pair = [_drawn(aim) for aim in desk.file.objectives[:2]]
    first, second = (sample_values(evidence, aim, desk.file.shelf) for aim in pair)
    series = []
    for number, plate in enumerate(evidence.plates):
        own = [s for s in evidence.samples if s.plate == plate.id and s.id in first and s.id in second]
        points = [(first[s.id], second[s.id]) for s in own]
        titles = [f"{s.id} {s.formula}" for s in own]
        name = f"plate {plate.number}"
        series.append(Series(name, points, "dots", COLOURS[number % len(COLOURS)], titles=titles))
    return figure("The two first objectives", _axis(pair[0]), _axis(pair[1]), series)


def _foretold(desk: Desk, entries: list[Entry]) -> list[str]:
    found = []
    for aim in dict.fromkeys(map(_drawn, modelled_in(desk.file))):
        own = [entry for entry in entries if entry.name == aim.property and entry.bound == "exact"]
        points, intervals = [], []
        for entry in own:
            numbers = [entry.value, entry.expected.median, entry.expected.low90, entry.expected.high90]
            scaled = [value for number in numbers if (value := model_value(number, aim.scale)) is not None]
            if len(scaled) == len(numbers):
                points.append((scaled[0], scaled[1]))
                intervals.append((scaled[2], scaled[3]))
        axis = _axis(aim)
        across, up = Axis(f"measured {axis.label}", axis.scale), Axis(f"foretold {axis.label}", axis.scale)
        shown = [Series("", points, intervals=intervals)]
        found.append(figure(f"{_name(aim)}: foretold and measured", across, up, shown, diagonal=True))
    return found


def _best(status: Status) -> str:
    rows = [
        [name.replace("_", " "), f"{best.value:.3g} {best.unit}", best.sample, best.formula]
        for name, best in status.progress.best.items()
    ]
    return _table(["best so far", "value", "sample", "formula"], rows)


def _front_table(desk: Desk, evidence: Evidence) -> str:
    """The samples with the best values of the first objective, with all their aimed-at values."""
    aims = list(dict.fromkeys(modelled_in(desk.file)))
    columns = [sample_values(evidence, aim, desk.file.shelf) for aim in aims]
    goal = desk.file.objectives[0]
    way = 1.0 if goal.goal == "maximize" else -1.0
    first = columns[0]
    names = sorted(first, key=lambda name: (-way * first[name], name))[:_MOST_SAMPLES]
    rows = [
        [
            name,
            evidence.sample_by_id[name].formula,
            *(
                f"{from_model_scale(column[name], aim.scale):.3g}" if name in column else "—"
                for aim, column in zip(aims, columns, strict=True)
            ),
        ]
        for name in names
    ]
    return _table(
        ["sample", "formula", *(_name(aim) + ("" if aim.unit == "1" else f" [{aim.unit}]") for aim in aims)],
        rows,
    )


def _trust(status: Status) -> str:
    rows = [
        [
            name.replace("_", " "),
            trust.kind or "—",
            status.values.get(name, 0),
            trust.n,
            "—" if trust.coverage90 is None else f"{trust.coverage90:.0%}",
            "—" if trust.log_score is None else f"{trust.log_score:.2f}",
        ]
        for name, trust in status.trust.items()
    ]
    rounds = [
        [name.replace("_", " "), plate, one.n, f"{one.coverage90:.0%}", f"{one.log_score:.2f}"]
        for name, trust in status.trust.items()
        for plate, one in trust.by_plate.items()
    ]
    return _table(
        ["model of", "who speaks", "values", "foretold", "inside 90 %", "log score"], rows
    ) + _table(["foretold", "for plate", "values", "inside 90 %", "log score"], rounds)


def _plates(status: Status) -> str:
    rows = [
        [p.plate, p.state, p.state_at.strftime("%Y-%m-%d %H:%M"), p.wells, p.measured, p.reported]
        for p in status.plates
    ]
    return _table(["plate", "state", "since", "wells", "measured", "reported"], rows)


def _outcomes(evidence: Evidence) -> str:
    latest = {row.sample: row.status for row in evidence.statuses if row.sample}
    counts = Counter(latest.values())
    return _table(["status", "samples"], [[name, counts[name]] for name in sorted(counts)])


def _table(headers: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    if not rows:
        return ""
    head = "".join(f"<th>{escape(header)}</th>" for header in headers)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows
    )
    return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _name(aim: Objective | Constraint) -> str:
    return aim.property.replace("_", " ")


def _drawn(aim: Objective | Constraint) -> Objective | Constraint:
    """The aim on the scale on which people look at it: fractions as they are, not by their odds."""
    return replace(aim, scale="linear") if aim.scale == "logit" else aim


def _axis(aim: Objective | Constraint) -> Axis:
    unit = f" [{aim.unit}]" if aim.unit != "1" else ""
    return Axis(f"{get_property(aim.property).symbol}{unit}", "log10" if aim.scale == "log10" else "linear")


def _levels(aim: Objective | Constraint) -> list[tuple[str, float]]:
    if isinstance(aim, Objective):
        named = [("reference", aim.reference), ("target", aim.target)]
    else:
        named = [("at least", aim.min), ("at most", aim.max)]
    return [(name, to_model_scale(value, aim.scale)) for name, value in named if value is not None]


def _spread(well: str) -> float:
    """A place beside its plate's number that depends on the well alone, so that points do not hide each other."""
    return (sum(ord(sign) * (7 + 13 * place) for place, sign in enumerate(well)) % 41 - 20) / 60
