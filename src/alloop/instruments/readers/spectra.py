"""Columns of frequencies and impedances to spectra, one per sweep."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np

from alloop.arrays import FloatArray, IntArray
from alloop.errors import InstrumentError
from alloop.instruments.readers.impedances import (
    ComplexArray,
    check_modulus,
    frequencies,
    impedances,
    is_blank,
)
from alloop.instruments.readers.limits import MOST_SPECTRA
from alloop.instruments.readers.rows import keep_good
from alloop.instruments.readers.tables import Table
from alloop.instruments.recording import UNKNOWN_SIZE, Geometry, Spectrum

FEWEST_POINTS = 3
_HIGHEST_HZ, _LARGEST_OHM = 1e13, 1e16  # beyond any impedance analyser; NaN is left out by comparing, too
_HOTTEST = 5000.0  # kelvins or degrees
_NEW_SWEEP_DECADES = 0.5


def spectra_of(
    table: Table, where: str, sign_from_data: bool
) -> tuple[tuple[Spectrum, ...], tuple[str, ...]]:
    """The spectra in a table with frequencies, and remarks on what was assumed or left out.

    Args:
        table: with a column of frequencies, and Z' and Z'' or |Z| and phase.
        where: the file, for messages.
        sign_from_data: whether a column called Z'' may hold -Z'', which then is decided from the data.

    Raises:
        InstrumentError: when frequencies or impedances are missing, or too few rows are complete.
    """
    spectra: list[Spectrum] = []
    remarks: list[str] = list(table.remarks)
    for block in _blocks(table):
        found, said = _block_spectra(block, where, sign_from_data)
        spectra += found
        remarks += [remark for remark in said if remark not in remarks]
    if len(spectra) > MOST_SPECTRA:
        raise InstrumentError(
            f"the file holds {len(spectra)} spectra; at most {MOST_SPECTRA} are read", "split the file", where
        )
    if len(spectra) > 1 and len({spectrum.name for spectrum in spectra}) < len(spectra):
        spectra = [replace(one, name=f"spectrum {i}") for i, one in enumerate(spectra, start=1)]
    return tuple(spectra), tuple(remarks)


def _blocks(table: Table) -> list[Table]:
    """Tables standing side by side: every column of frequencies begins one where Z' stands as often."""
    starts = table.positions("frequency")
    if len(starts) < 2 or len(table.positions("real")) != len(starts):
        return [table]
    bounds = [0, *starts[1:], len(table.headings)]
    return [
        Table(table.headings[first:last], table.values[:, first:last], (), table.others)
        for first, last in itertools.pairwise(bounds)
    ]


def _block_spectra(table: Table, where: str, sign_from_data: bool) -> tuple[list[Spectrum], list[str]]:
    frequency, remarks = frequencies(table, where)
    measured = ~((frequency == 0.0) & is_blank(table))
    if not measured.all() and measured.any():
        count = int(np.count_nonzero(~measured))
        remarks.append(f"{count} rows with frequency 0 (measured at direct current) left out")
        table, frequency = table.rows(measured), frequency[measured]
    impedance, sign_remarks = impedances(table, frequency, where, sign_from_data)
    size = np.abs(impedance)
    check_modulus(table, size, where)
    good = (frequency > 0) & (frequency < _HIGHEST_HZ) & (size > 0) & (size < _LARGEST_OHM)
    remarks += [
        *sign_remarks,
        *keep_good(good, "have no frequency above 0 or no believable impedance", where),
    ]
    table, frequency, impedance = table.rows(good), frequency[good], impedance[good]
    groups = _sweeps(table, frequency, where)
    sweeps = [group for group in groups if group.size >= FEWEST_POINTS and np.ptp(frequency[group]) > 0]
    if not sweeps:
        raise InstrumentError(
            f"there are {frequency.size} complete points in {len(groups)} sweeps of frequency; a spectrum has "
            f"{FEWEST_POINTS} or more",
            "measure over a range of frequencies",
            where,
        )
    if len(sweeps) < len(groups):
        left_out = sum(group.size for group in groups) - sum(group.size for group in sweeps)
        remarks.append(f"{left_out} points outside any sweep of {FEWEST_POINTS} or more left out")
    return [_spectrum(table, frequency, impedance, sweep, len(sweeps) > 1) for sweep in sweeps], remarks


def _sweeps(table: Table, frequency: FloatArray, where: str) -> list[IntArray]:
    """Row numbers of each sweep: a sweep ends where the cycle changes or the frequency jumps back."""
    if frequency.size == 0:
        return []
    begins = np.zeros(frequency.size, dtype=bool)
    cycle = table.column("cycle")
    if cycle is not None and np.isfinite(cycle).all():
        begins[1:] |= np.diff(cycle) != 0
    step = np.diff(np.log10(frequency))
    direction = np.sign(np.median(step)) if step.size else 0.0
    begins[1:] |= (np.sign(step) == -direction) & (np.abs(step) > _NEW_SWEEP_DECADES)
    starts = np.flatnonzero(begins)
    if starts.size >= MOST_SPECTRA:
        raise InstrumentError(
            f"the frequency jumps back {starts.size} times; at most {MOST_SPECTRA} sweeps are read",
            "sort the points as they were measured, or split the file",
            where,
        )
    return list(np.split(np.arange(frequency.size, dtype=np.int64), starts))


def _spectrum(
    table: Table, frequency: FloatArray, impedance: ComplexArray, rows: IntArray, is_one_of_many: bool
) -> Spectrum:
    part = Table(table.headings, table.values[rows])
    cycle = part.column("cycle")
    name = ""
    if is_one_of_many and cycle is not None and np.isfinite(cycle[0]):
        name = f"cycle {cycle[0]:g}"
    return Spectrum(
        frequency_Hz=frequency[rows],
        impedance_ohm=impedance[rows],
        temperature_C=_temperature(part),
        name=name,
        geometry=geometry_of_columns(part),
    )


def _temperature(table: Table) -> float | None:
    found = table.positions("temperature")
    if not found:
        return None
    values = table.values[:, found[0]]
    values = values[np.abs(values) < _HOTTEST]
    if values.size == 0:
        return None
    mean = float(values.mean())
    return mean - 273.15 if table.headings[found[0]].kind == "kelvin" else mean


def geometry_of_columns(table: Table) -> Geometry:
    """The pellet's size where columns state one and the same positive value in all rows."""
    sizes: dict[str, float | None] = {}
    for quantity in ("thickness", "diameter", "area"):
        found = table.positions(quantity)
        values = table.values[:, found[0]] * table.headings[found[0]].factor if found else np.empty(0)
        values = values[np.isfinite(values)]
        same = values.size > 0 and values[0] > 0 and bool((values == values[0]).all())
        sizes[quantity] = float(values[0]) if same else None
    if not any(sizes.values()):
        return UNKNOWN_SIZE
    return Geometry(area_cm2=sizes["area"]).over(Geometry.of_disc(sizes["thickness"], sizes["diameter"]))
