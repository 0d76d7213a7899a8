"""Columns of frequencies and impedances to spectra, one per sweep."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np

from alloop.arrays import BoolArray, FloatArray, IntArray
from alloop.errors import InstrumentError
from alloop.instruments.readers.limits import MOST_SPECTRA
from alloop.instruments.readers.rows import keep_good
from alloop.instruments.readers.tables import Table
from alloop.instruments.recording import UNKNOWN_SIZE, Geometry, Spectrum

FEWEST_POINTS = 3
_HIGHEST_HZ, _LARGEST_OHM = 1e13, 1e16  # beyond any impedance analyser; NaN is left out by comparing, too
_HOTTEST = 5000.0  # kelvins or degrees
_CLEAR_SIGN = 0.5
_NEW_SWEEP_DECADES = 0.5
_Complex = np.ndarray[tuple[int], np.dtype[np.complex128]]


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
    frequency, remarks = _frequencies(table, where)
    measured = ~((frequency == 0.0) & _is_blank(table))
    if not measured.all() and measured.any():
        count = int(np.count_nonzero(~measured))
        remarks.append(f"{count} rows with frequency 0 (measured at direct current) left out")
        table, frequency = table.rows(measured), frequency[measured]
    impedance, sign_remarks = _impedances(table, frequency, where, sign_from_data)
    size = np.abs(impedance)
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


def _frequencies(table: Table, where: str) -> tuple[FloatArray, list[str]]:
    for quantity, factor in (("frequency", 1.0), ("angular frequency", 1.0 / (2.0 * np.pi))):
        found = table.positions(quantity)
        if found:
            heading = table.headings[found[0]]
            unit = (
                [] if heading.kind else [f"frequencies under '{heading.text}' have no unit: taken as "
                + ("Hz" if quantity == "frequency" else "rad/s")]
            )  # fmt: skip
            return table.values[:, found[0]] * heading.factor * factor, unit
    raise InstrumentError(
        "the file has impedances but no column of frequencies", "export it with the column freq/Hz", where
    )


def _is_blank(table: Table) -> BoolArray:
    """Rows whose impedances are all 0 or missing, as programs write them for direct current."""
    used = [
        i
        for i, heading in enumerate(table.headings)
        if heading.quantity in ("real", "imaginary", "modulus", "phase")
    ]
    values = table.values[:, used]
    return np.asarray(((values == 0) | np.isnan(values)).all(axis=1))


def _column(table: Table, quantity: str, where: str) -> tuple[FloatArray, list[str], bool] | None:
    """A column in ohm or radians, remarks, and whether it holds the negative; the unit ohm goes before ohm cm²."""
    found = sorted(table.positions(quantity), key=lambda i: table.headings[i].kind == "ohm*cm2")
    if not found:
        return None
    heading = table.headings[found[0]]
    if heading.kind == "ohm*cm2":
        raise InstrumentError(
            f"the column '{heading.text}' holds impedance times area, and no column impedance",
            "export the impedance in ohm",
            where,
        )
    remarks = []
    if not heading.kind and quantity != "phase":
        remarks.append(f"impedances under '{heading.text}' have no unit: taken as ohm")
    return table.values[:, found[0]] * heading.factor, remarks, heading.negated


def _has_in_ohm(table: Table, quantity: str) -> bool:
    return any(table.headings[i].kind != "ohm*cm2" for i in table.positions(quantity))


def _impedances(
    table: Table, frequency: FloatArray, where: str, sign_from_data: bool
) -> tuple[_Complex, list[str]]:
    real = _column(table, "real", where)
    damaged = table.positions("spreadsheet error")
    if real is not None and damaged and not _has_in_ohm(table, "imaginary"):
        raw = table.values[:, damaged[0]]
        is_negative = holds_negative(frequency, real[0], raw)
        words = (
            "a heading was turned into an error message by a spreadsheet program: its column is taken as "
            f"{'-' if is_negative else ''}Z'' (the sign by the data)"
        )
        return real[0] + 1j * (-raw if is_negative else raw), [*real[1], words]
    imaginary = _column(table, "imaginary", where)
    if real is not None and imaginary is not None:
        values, negated = imaginary[0], imaginary[2]
        remarks = real[1] + [remark for remark in imaginary[1] if not real[1]]
        if sign_from_data and holds_negative(
            frequency, real[0], -values if negated else values, doubted=True
        ):
            heading = table.headings[table.positions("imaginary")[0]].text
            negated = not negated
            remarks.append(
                f"the column '{heading}' is taken as {'-' if negated else ''}Z'': with the other sign Z'' would be "
                "positive where Z' falls with the frequency, which no causal system shows"
            )
        return real[0] + 1j * (-values if negated else values), remarks
    modulus, phase = _column(table, "modulus", where), _column(table, "phase", where)
    if modulus is None or phase is None:
        raise InstrumentError(
            "the file has frequencies but neither Z' and Z'' nor |Z| and phase", "export these columns", where
        )
    angle, said = _radians(table, phase[0], where)
    angle = -angle if phase[2] else angle
    return modulus[0] * np.exp(1j * angle), [*modulus[1], *said]


def _radians(table: Table, angle: FloatArray, where: str) -> tuple[FloatArray, list[str]]:
    heading = table.headings[table.positions("phase")[0]]
    if heading.kind:
        return angle, []
    if np.nanmax(np.abs(angle), initial=0.0) > 1.05 * np.pi:
        return angle * (np.pi / 180.0), [f"phases under '{heading.text}' have no unit: taken as degrees"]
    raise InstrumentError(
        f"the column '{heading.text}' has no unit, and its values could be degrees or radians",
        "write the unit into the heading: phase/deg or phase/rad",
        where,
    )


def sign_of_imaginary(frequency: FloatArray, real: FloatArray, imaginary: FloatArray) -> float:
    """How clearly a column is Z'' (towards 1) or -Z'' (towards -1), from -1 to 1; 0 where it cannot be told.

    In a causal system Z'' is about (pi/2) dZ'/d ln f, the local form of the Kramers-Kronig relation (for
    permittivities: M. Wübbenhorst and J. van Turnhout, J. Non-Cryst. Solids 305 (2002) 40,
    https://doi.org/10.1016/S0022-3093(02)01086-4): the two have the same sign.
    """
    good = np.isfinite(frequency) & np.isfinite(real) & np.isfinite(imaginary) & (frequency > 0)
    order = np.argsort(frequency[good], kind="stable")
    re, im = real[good][order], imaginary[good][order]
    middle = (im[1:] + im[:-1]) / 2.0
    size = (re[1:] + re[:-1]) ** 2 / 4.0 + middle**2
    usable = size > 0
    products = np.nan_to_num(middle[usable] * np.diff(re)[usable] / size[usable], posinf=0.0, neginf=0.0)
    total = float(np.abs(products).sum())
    return float(products.sum() / total) if 0 < total < np.inf else 0.0


def holds_negative(
    frequency: FloatArray, real: FloatArray, imaginary: FloatArray, doubted: bool = False
) -> bool:
    """Whether a column holds -Z'' and not Z'': mostly positive values, unless the slope of Z' speaks against it.

    With `doubted` (a heading says otherwise) the slope of Z' must speak for it.
    """
    sign = sign_of_imaginary(frequency, real, imaginary)
    is_mostly_positive = np.count_nonzero(imaginary > 0) * 2 > np.count_nonzero(np.isfinite(imaginary))
    return bool(is_mostly_positive and (sign <= -_CLEAR_SIGN if doubted else sign < _CLEAR_SIGN))


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
    table: Table, frequency: FloatArray, impedance: _Complex, rows: IntArray, is_one_of_many: bool
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
