"""A table and what stands above it, put together into a recording."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from alloop.errors import InstrumentError
from alloop.instruments.readers.spectra import geometry_of_columns, spectra_of
from alloop.instruments.readers.statements import read_statements, stated, temperature_in_words
from alloop.instruments.readers.tables import HeadingLine, Table, find_headings, read_table
from alloop.instruments.readers.traces import trace_of
from alloop.instruments.recording import Geometry, Recording


@dataclass(frozen=True)
class Source:
    """What is known of a file besides its numbers.

    Attributes:
        format: the file format in words.
        name: the file's name.
        header: the lines above the data.
        title: the words in which the operator named the measurement, "" where there are none.
        month_first: whether dates put the month first; None where that is not known.
        default_area_cm2: the area that the program writes when nobody entered one.
        is_generic: whether the headings were typed by a person, so that the sign of Z'' is checked.
        metadata: what the reader of the format found.
        remarks: what the reader of the format has to say.
    """

    format: str
    name: str
    header: Sequence[str] = ()
    title: str = ""
    month_first: bool | None = None
    default_area_cm2: float | None = None
    is_generic: bool = False
    metadata: Mapping[str, str] | None = None
    remarks: tuple[str, ...] = ()


def recording_of(table: Table, source: Source) -> Recording:
    """The recording that a table holds: spectra where it has impedances, a trace where it has currents.

    Raises:
        InstrumentError: when columns or numbers are missing.
    """
    said = read_statements(source.header, source.month_first)
    metadata = {**said.metadata, **(source.metadata or {})}
    remarks = [*source.remarks, *said.remarks]
    geometry = said.geometry
    if geometry.area_cm2 is not None and geometry.area_cm2 == source.default_area_cm2:
        geometry = Geometry(thickness_mm=geometry.thickness_mm)
        metadata["stated_area_cm2"] = f"{source.default_area_cm2:g}"
        remarks.append(
            f"the area {source.default_area_cm2:g} cm2 is what the program writes when nobody enters one: not taken"
        )
    geometry = geometry_of_columns(table).over(geometry)
    references = {heading.reference for heading in table.headings if heading.reference}
    if len(references) == 1 and "reference_electrode" not in metadata:
        metadata["reference_electrode"] = references.pop()
    reference = stated(source.header, "reference electrode", "reference")
    if reference is not None:
        metadata.setdefault("reference_electrode", reference)
    metadata = {key: value for key, value in metadata.items() if value}
    if table.positions("sample"):
        raise InstrumentError(
            "the table has a column of samples or wells: it is no recording of a single one",
            "upload it as a table of results, or give every sample its own file",
            source.name,
        )
    if not _has_impedance(table):
        trace, words = trace_of(table, source.name, geometry.area_cm2)
        return Recording(
            source.format, trace=trace, geometry=geometry, temperature_C=said.temperature_C,
            measured_at=said.measured_at, metadata=metadata, remarks=(*remarks, *words),
        )  # fmt: skip
    spectra, words = spectra_of(table, source.name, source.is_generic)
    temperature = said.temperature_C
    if temperature is None and all(spectrum.temperature_C is None for spectrum in spectra):
        temperature = temperature_in_words(source.title)
        if temperature is not None:
            remarks.append(
                f"temperature {temperature:g} °C taken from the title '{source.title.strip()[:60]}'"
            )
    in_name = temperature_in_words(source.name)
    if in_name is not None:
        metadata["temperature_in_name_C"] = f"{in_name:g}"
    return Recording(
        source.format, spectra=spectra, geometry=geometry,
        temperature_C=temperature, measured_at=said.measured_at, metadata=metadata, remarks=(*remarks, *words),
    )  # fmt: skip


def _has_impedance(table: Table) -> bool:
    """Whether a table is to be read as spectra; one with currents needs a frequency above 0 for that.

    Some programs write the same columns for every method and fill those of impedance with zeros.
    """
    quantities = {heading.quantity for heading in table.headings}
    if not quantities & {"real", "imaginary", "modulus", "phase"}:
        return False
    if not quantities & {"current", "current density"}:
        return True
    frequency = table.column("frequency")
    if frequency is None:
        return {"real", "imaginary"} <= quantities
    return bool((frequency > 0).any())


def find_table(
    lines: Sequence[str], name: str, start: int = 0, end: int | None = None
) -> tuple[HeadingLine, Table]:
    """The first table of impedances or of voltages and currents.

    Raises:
        InstrumentError: when there is none.
    """
    found = find_headings(lines, start)
    if found is None:
        raise InstrumentError(
            "there is no line of headings with frequency and impedance, or time, voltage and current",
            "export the data with their headings",
            name,
        )
    return found, read_table(lines, found, name, end)
