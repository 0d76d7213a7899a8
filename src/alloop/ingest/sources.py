"""Instrument files of an upload: each read, and paired with the sample that it was measured on."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from alloop.errors import InstrumentError, Problem
from alloop.ingest.context import Findings, ResultsContext
from alloop.ingest.file_names import read_name
from alloop.ingest.pellets import Pellet, is_named
from alloop.instruments import Geometry, Given, Recording
from alloop.instruments.diffraction import PhaseTable, read_phase_table
from alloop.instruments.readers import Content, is_recording, read_recording
from alloop.records import SampleRow

Kind = Literal["recording", "phases"]


@dataclass(frozen=True)
class Source:
    """An instrument file, what it holds, its sample, and what is known besides."""

    name: str
    sha256: str
    content: Recording | PhaseTable
    sample: SampleRow
    given: Given


def kind_of(data: bytes, name: str) -> Kind | None:
    """What a file about one sample is: written by an instrument, or a table of its phases; None for anything else."""
    if is_recording(data, name):
        return "recording"
    try:
        phases = read_phase_table(Content(data, name))
    except InstrumentError:
        return "phases"
    return None if phases is None else "phases"


def read_content(data: bytes, name: str, kind: Kind) -> Recording | PhaseTable:
    """What a file of that kind holds.

    Raises:
        InstrumentError: when it cannot be read.
    """
    phases = read_phase_table(Content(data, name)) if kind == "phases" else None
    return read_recording(data, name) if phases is None else phases


def read_sources(
    files: Sequence[tuple[str, bytes, Kind]],
    context: ResultsContext,
    pellets: Sequence[Pellet],
    findings: Findings,
) -> list[Source]:
    """Read instrument files (name, bytes, kind) and find their samples; what is wrong or was assumed is noted.

    A file's sample is the one that a table names for it, else the one that its name speaks of. Sizes of pellets come
    from such tables, then from the campaign file, then from the instrument file itself.
    """
    sources = []
    for name, data, kind in files:
        named = read_name(name, context.plates)
        row = next((one for one in pellets if one.file and is_named(one.file, name)), None)
        sample = row.sample if row is not None else named.sample
        try:
            content = read_content(data, name, kind)
        except InstrumentError as error:
            for problem in error.problems:
                findings.problem(problem.where or name, problem.what, problem.mend)
            continue
        for remark in content.remarks if isinstance(content, Recording) else ():
            findings.warn(name, remark)
        if sample is None:
            mend = "name the file like PLATE_B07.txt, or add a table with the columns 'file' and 'sample'"
            findings.problem(name, f"it is not clear which sample it belongs to: {named.what}", mend)
            continue
        temperature = row.temperature_C if row is not None else None
        if temperature is None and named.temperature_C is not None and not states_temperature(content):
            temperature = named.temperature_C
            findings.warn(name, f"its temperature is taken from its name: {temperature:g} °C")
        rows = [one for one in pellets if not one.file and one.sample.id == sample.id]
        rows += [] if row is None else [row]
        given = Given(
            geometry=_size(rows).over(context.pellet),
            temperature_C=temperature,
            mobile_ion=context.mobile_ion,
            elements=frozenset(sample.elements),
            conditions={name: value for one in rows for name, value in one.conditions.items()},
        )
        sources.append(Source(name, hashlib.sha256(data).hexdigest(), content, sample, given))
    return sources


def _size(rows: Sequence[Pellet]) -> Geometry:
    """The size of a pellet by the rows about it; the last of them, that of the file, goes before the others."""
    size = Geometry()
    for row in rows:
        size = row.geometry.over(size)
    return size


def states_temperature(recording: Recording | PhaseTable) -> bool:
    """Whether a file itself says at which temperature it was measured, or has no need to."""
    if not isinstance(recording, Recording) or recording.pattern is not None:
        return True
    return recording.temperature_C is not None or any(
        spectrum.temperature_C is not None for spectrum in recording.spectra
    )


def given_as_json(given: Given) -> dict[str, Any]:
    """What was known besides a file, as it is recorded."""
    return {
        "thickness_mm": given.geometry.thickness_mm,
        "area_cm2": given.geometry.area_cm2,
        "temperature_C": given.temperature_C,
        "mobile_ion": given.mobile_ion,
        "elements": sorted(given.elements) if given.elements is not None else None,
        "circuit": given.circuit,
        "conditions": dict(given.conditions),
    }


def given_from_json(content: Mapping[str, Any]) -> Given:
    """What `given_as_json` wrote."""
    elements = content["elements"]
    return Given(
        geometry=Geometry(content["thickness_mm"], content["area_cm2"]),
        temperature_C=content["temperature_C"],
        mobile_ion=content["mobile_ion"],
        elements=None if elements is None else frozenset(elements),
        circuit=content["circuit"],
        conditions=content["conditions"],
    )


def doubled(names: Mapping[str, Sequence[str]], context: ResultsContext) -> list[Problem]:
    """A problem for bytes that came under names of different samples; `names` by hash."""
    problems = []
    for several in names.values():
        samples = {found.sample.id for name in several if (found := read_name(name, context.plates)).sample}
        if len(samples) > 1:
            what = f"the same bytes are named for {' and '.join(sorted(samples))}"
            problems.append(
                Problem(", ".join(several), what, "one of them is another sample's: export it again")
            )
    return problems


__all__ = [
    "Kind",
    "Source",
    "doubled",
    "given_as_json",
    "given_from_json",
    "kind_of",
    "read_content",
    "read_sources",
    "states_temperature",
]
