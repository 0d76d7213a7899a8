"""All files of an upload, of whatever kind, to what they say together."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from alloop.errors import Problem, UploadError
from alloop.ingest.context import Findings, ParsedUpload, ResultsContext
from alloop.ingest.deriving import derive
from alloop.ingest.grid import Table
from alloop.ingest.pellets import Pellet, pellet_layouts, read_pellets, unused_files
from alloop.ingest.results import parse_results
from alloop.ingest.sources import Kind, kind_of, read_sources
from alloop.ingest.tables import read_table


def parse_files(
    files: Sequence[tuple[str, bytes]],
    context: ResultsContext,
    progress: Callable[[str], None] | None = None,
    known: Sequence[tuple[str, bytes]] = (),
) -> ParsedUpload:
    """What results tables, tables of pellets and instrument files (name, bytes) say, with all that is wrong.

    Of files that are `known` from earlier uploads, tables of pellets still tell the sizes of new files' samples.
    """
    of_samples: list[tuple[str, bytes, Kind]] = []
    findings = Findings()
    tables: list[list[Table]] = []
    pellets: list[Pellet] = []
    for name, data in files:
        kind = kind_of(data, name)
        if kind is not None:
            of_samples.append((name, data, kind))
            continue
        try:
            found = read_table(data, name)
            layouts = pellet_layouts(found, context)
            if layouts:
                pellets += read_pellets(layouts, context)
            else:
                tables.append(found)
        except UploadError as error:
            for problem in error.problems:
                findings.problem(problem.where, problem.what, problem.mend)
    parsed = ParsedUpload()
    for several in tables:
        parsed += parse_results(several, context)
    for problem in unused_files(pellets, [name for name, *_ in of_samples]):
        findings.problem(problem.where, problem.what, problem.mend)
    sources = read_sources(of_samples, context, [*_known_pellets(known, context), *pellets], findings)
    # evaluating takes long: not when nothing of it will be recorded
    derived = [] if findings.problems or parsed.problems else derive(sources, context, findings, progress)
    own = ParsedUpload(
        statuses=tuple(status for one in derived for status in one.statuses),
        warnings=tuple(findings.warnings),
        problems=tuple(findings.problems),
        derived=tuple(derived),
    )
    return _in_order(own + parsed, [name for name, _ in files])


def _known_pellets(files: Sequence[tuple[str, bytes]], context: ResultsContext) -> list[Pellet]:
    """The rows of tables of pellets among files that were recorded, and hence read, before."""
    pellets = []
    for name, data in files:
        if kind_of(data, name) is None:
            layouts = pellet_layouts(read_table(data, name), context)
            pellets += read_pellets(layouts, context) if layouts else []
    return pellets


def _in_order(parsed: ParsedUpload, names: Sequence[str]) -> ParsedUpload:
    """The same, with problems and warnings in the order of the files that they are about."""

    def place(problem: Problem) -> int:
        return next((i for i, name in enumerate(names) if problem.where.startswith(name)), len(names))

    return replace(
        parsed,
        warnings=tuple(sorted(parsed.warnings, key=place)),
        problems=tuple(sorted(parsed.problems, key=place)),
    )


__all__ = ["parse_files"]
