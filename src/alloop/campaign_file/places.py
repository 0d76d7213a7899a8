"""Where wells lie and where they are made: names of wells, blocks that share settings, stations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from alloop.campaign_file.models import BlocksModel, NamedBlockModel, PlateModel, StationModel
from alloop.campaign_file.report import Report
from alloop.campaign_file.yaml_reader import Path
from alloop.chemistry.shelf import Shelf
from alloop.errors import PlanError
from alloop.planning.places import Station, WellBlock
from alloop.space.process import Setting
from alloop.synthesis.planned import split_label, write_label

PLATE: Path = ("plate",)
BLOCKS: Path = ("plate", "blocks")
STATIONS: Path = ("plate", "stations")
SKIP: Path = ("plate", "skip")


def wells_named(texts: Iterable[str], rows: int, columns: int) -> tuple[str, ...]:
    """The wells that `texts` name, in reading order: `B7`, or `A1-D4` for the rectangle between two corners.

    Raises:
        PlanError: when a text names no well, or one that the plate has not.
    """
    found: set[tuple[int, int]] = set()
    for text in texts:
        for part in text.replace(";", ",").split(","):
            ends = [end.strip() for end in part.split("-")]
            try:
                if len(ends) > 2:
                    raise ValueError
                (top, left), (bottom, right) = split_label(ends[0]), split_label(ends[-1])
            except ValueError:
                mend = "write a well such as B7, or the corners of a rectangle such as A1-D4"
                raise PlanError(f"{part.strip()!r} names no well", mend) from None
            for row, column in ((top, left), (bottom, right)):
                if row >= rows or column >= columns:
                    last = write_label(rows - 1, columns - 1)
                    what = f"the plate has no well {write_label(row, column)}"
                    raise PlanError(what, f"its wells are A01 to {last}")
            top, bottom, left, right = min(top, bottom), max(top, bottom), min(left, right), max(left, right)
            found |= {(r, c) for r in range(top, bottom + 1) for c in range(left, right + 1)}
    return tuple(write_label(row, column) for row, column in sorted(found))


def all_wells(rows: int, columns: int) -> tuple[str, ...]:
    """Every well in reading order."""
    return tuple(write_label(row, column) for row in range(rows) for column in range(columns))


def read_skipped(report: Report, model: PlateModel) -> tuple[str, ...]:
    """Wells that cannot be used."""
    skipped: tuple[str, ...] = ()
    with report.catching(SKIP):
        skipped = wells_named(model.skip, model.rows, model.columns)
    if len(skipped) == model.rows * model.columns:
        report.say(SKIP, "every well of the plate is skipped", "leave some")
    return skipped


def read_blocks(
    report: Report, model: PlateModel, skipped: Sequence[str], settings: Sequence[Setting]
) -> tuple[WellBlock, ...]:
    """The blocks of the plate, in reading order of their first wells, without the wells that are skipped."""
    shared = [setting.name for setting in settings if setting.shared_by == "block"]
    if not report.has(BLOCKS):
        if shared and report.clean(PLATE):
            what = f"{', '.join(shared)} is shared by a block, and the plate has no blocks: it counts as one"
            report.warn(PLATE, what, "add plate.blocks, such as {by: rows, size: 2}")
        return ()
    blocks = (
        _by_rule(report, model) if isinstance(report.at(BLOCKS), dict) else _by_name(report, model, skipped)
    )
    if not shared and report.clean(BLOCKS):
        what = "no process setting is shared by a block, so the blocks have nothing of their own"
        report.warn(BLOCKS, what, "write 'shared_by: block' at a setting, or remove the blocks")
    usable = [(name, tuple(well for well in wells if well not in skipped)) for name, wells in blocks]
    return tuple(WellBlock(name, wells) for name, wells in usable if wells)


def _by_rule(report: Report, model: PlateModel) -> list[tuple[str, tuple[str, ...]]]:
    rule = report.section(BlocksModel, BLOCKS)
    if rule is None:
        return []
    count = model.rows if rule.by == "rows" else model.columns
    if count % rule.size:
        fitting = ", ".join(str(n) for n in range(1, count + 1) if count % n == 0)
        what = f"{count} {rule.by} cannot be divided into blocks of {rule.size}"
        report.say((*BLOCKS, "size"), what, f"use one of {fitting}")
        return []
    found = []
    for start in range(0, count, rule.size):
        own = range(start, start + rule.size)
        rows, columns = (own, range(model.columns)) if rule.by == "rows" else (range(model.rows), own)
        first, last = (write_label(own[0], 0)[:-2], write_label(own[-1], 0)[:-2])
        if rule.by == "columns":
            first, last = str(own[0] + 1), str(own[-1] + 1)
        span = first if first == last else f"{first}-{last}"
        name = f"{rule.by if first != last else rule.by[:-1]} {span}"
        found.append((name, tuple(write_label(r, c) for r in rows for c in columns)))
    return found


def _by_name(report: Report, model: PlateModel, skipped: Sequence[str]) -> list[tuple[str, tuple[str, ...]]]:
    found: list[tuple[str, tuple[str, ...]]] = []
    owner: dict[str, str] = {}
    for path, block in report.items(NamedBlockModel, BLOCKS):
        wells: tuple[str, ...] = ()
        with report.catching((*path, "wells")):
            wells = wells_named(block.wells, model.rows, model.columns)
        if block.name in (name for name, _ in found):
            report.say((*path, "name"), f"a second block is called {block.name}", "give each its own name")
        doubles = [well for well in wells if well in owner]
        if doubles:
            what = f"{', '.join(doubles[:3])} already belongs to block {owner[doubles[0]]}"
            report.say((*path, "wells"), what, "put each well into one block")
        owner.update(dict.fromkeys(wells, block.name))
        found.append((block.name, wells))
    missing = [w for w in all_wells(model.rows, model.columns) if w not in owner and w not in skipped]
    if missing and report.clean(BLOCKS):
        more = f" and {len(missing) - 3} more" if len(missing) > 3 else ""
        what = f"wells {', '.join(missing[:3])}{more} belong to no block"
        report.say(BLOCKS, what, "put each well into one block, or under plate.skip")
    return sorted(found, key=lambda entry: [split_label(well) for well in entry[1][:1]])


def read_stations(report: Report, usable: int, shelf: Shelf | None) -> tuple[Station, ...]:
    """The stations; what their number of wells and the shelf say against each other is noted."""
    sensitive = [entry.formula for entry in shelf.precursors if entry.needs_inert] if shelf else []
    if not report.has(STATIONS):
        if sensitive and shelf is not None and shelf.atmosphere == "air":
            what = f"{sensitive[0]} must not see air, and this campaign works in air"
            report.warn(PLATE, what, "add plate.stations, one of them inert")
        return ()
    found: list[Station] = []
    for path, model in report.items(StationModel, STATIONS):
        if model.name in (station.name for station in found):
            report.say((*path, "name"), f"a second station is called {model.name}", "give each its own name")
        found.append(Station(model.name, model.atmosphere, model.wells))
    if not report.clean(STATIONS):
        return tuple(found)
    room = sum(station.wells for station in found)
    if room < usable:
        what = f"the stations make {room} wells of a plate, which has {usable}"
        report.say(STATIONS, what, "raise the wells of a station, or skip some of the plate's")
    if sensitive and all(station.atmosphere == "air" for station in found):
        report.say(STATIONS, f"{sensitive[0]} must not see air, and no station is inert", "add an inert one")
    if not sensitive:
        what = "no precursor has 'atmosphere: inert', so every station can make every well"
        report.warn(STATIONS, what, "say so at the precursors that must not see air")
    return tuple(found)
