"""A planned plate as text: its wells, what is expected of it, what its rules cost."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from alloop.cli.terminal import figure, plural, say, table

if TYPE_CHECKING:
    from alloop.campaign import Plate


def show_plate(plate: Plate, explained: Sequence[str] = ()) -> None:
    """A plate: its settings, a row for each well, its parts, the price of its rules, its expected gain.

    Args:
        plate: the plate.
        explained: wells of which everything that stands behind them is said.
    """
    document = plate.document
    if not plate.planned.is_new:
        say(f"{plate.id} is still open; --replace plans it anew, --another plans a plate beside it")
    shared = _settings(document["shared_settings"])
    say(f"{plate.id}: {plural(len(document['wells']), 'well')}" + (f"; {shared}" if shared else ""))
    _show_wells(document)
    if explained:
        _explain(document, explained)
    for block in document["blocks"]:
        if block["wells"]:
            say(f"{block['name']}: {_settings(block['settings'])} ({plural(len(block['wells']), 'well')})")
    for station in document["stations"]:
        used, room = len(station["wells"]), plural(station["room"], "well")
        say(f"made in {station['name']} ({station['atmosphere']}): {used} of at most {room}")
    if document["rule_prices"]:
        say("what each rule costs:", *(f"  {price['words']}" for price in document["rule_prices"]))
    if document["advice"]:
        say(document["advice"])


def _explain(document: Mapping[str, Any], labels: Sequence[str]) -> None:
    from alloop.synthesis.because import because

    for well in document["wells"]:
        if well["well"] in labels:
            say(f"{well['well']} {well['formula']}: {well['reason']}.")
            say(*(f"  {line}" for line in because(well, document["effect_units"])))


def _show_wells(document: Mapping[str, Any]) -> None:
    wells: Sequence[Mapping[str, Any]] = document["wells"]
    units = {name: entry["unit"] for well in wells for name, entry in well["predictions"].items()}
    units = {name: units[name] for name in document["objectives"] if name in units}
    common = {*document["shared_settings"], *(n for b in document["blocks"] for n in b["settings"])}
    rows = [
        [
            well["well"],
            well["role"] + (" (locked)" if well["locked"] else ""),
            well["formula"],
            ", ".join(
                f"{n} {'none' if v is None else v}" for n, v in well["process"].items() if n not in common
            ),
            *(_expected(well["predictions"].get(name)) for name in units),
            "—" if well["p_hit"] is None else f"{well['p_hit']:.0%}",
            "—" if well["p_feasible"] is None else f"{well['p_feasible']:.0%}",
            well["reason"].partition(";")[0],
        ]
        for well in wells
    ]
    heads = [f"{name} ({unit})" if unit != "1" else name for name, unit in units.items()]
    table(["well", "role", "formula", "process", *heads, "hit", "feasible", "why"], rows)


def _settings(entries: Mapping[str, Mapping[str, Any]]) -> str:
    return ", ".join(
        f"{name} none" if entry["value"] is None else f"{name} {entry['value']} {entry['unit']}".strip()
        for name, entry in entries.items()
    )


def _expected(entry: Mapping[str, Any] | None) -> str:
    if entry is None:
        return "—"
    low, high = figure(entry["low90"], 2), figure(entry["high90"], 2)
    return figure(entry["median"], 2) + (f" ({low} to {high})" if low != high else "")
