"""Columns of a table to frequencies in Hz and complex impedances in ohm: units, signs, and which column is meant."""

from __future__ import annotations

import numpy as np

from alloop.arrays import BoolArray, FloatArray
from alloop.errors import InstrumentError
from alloop.instruments.readers.tables import Table

_MODULUS_TOLERANCE = 0.05
_CLEAR_SIGN = 0.5
ComplexArray = np.ndarray[tuple[int], np.dtype[np.complex128]]


def frequencies(table: Table, where: str) -> tuple[FloatArray, list[str]]:
    """The frequencies in Hz, and a remark where their unit was assumed.

    Raises:
        InstrumentError: when there is no column of frequencies.
    """
    for quantity, factor in (("frequency", 1.0), ("angular frequency", 1.0 / (2.0 * np.pi))):
        found = table.positions(quantity)
        if found:
            heading = table.headings[found[0]]
            unit = "Hz" if quantity == "frequency" else "rad/s"
            words = f"frequencies under '{heading.text}' have no unit: taken as {unit}"
            values = table.values[:, found[0]] * heading.factor * factor
            return values, [] if heading.kind else [words]
    raise InstrumentError(
        "the file has impedances but no column of frequencies", "export it with the column freq/Hz", where
    )


def is_blank(table: Table) -> BoolArray:
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


def impedances(
    table: Table, frequency: FloatArray, where: str, sign_from_data: bool
) -> tuple[ComplexArray, list[str]]:
    """The impedances Z' + iZ'' in ohm, NaN where a number is missing, and remarks on what was assumed.

    Z' and Z'' go before |Z| and phase where a table has all of them.

    Args:
        table: with these columns.
        frequency: in Hz, one per row.
        where: the file, for messages.
        sign_from_data: whether a column may hold the other sign of Z'' than its heading says.

    Raises:
        InstrumentError: when columns or their units are missing.
    """
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


def check_modulus(table: Table, size: FloatArray, where: str) -> None:
    """Refuse a file whose |Z| contradicts its Z' and Z'': its columns are not what their headings say."""
    found = [i for i in table.positions("modulus") if table.headings[i].kind != "ohm*cm2"]
    if not found or not size.size:
        return
    modulus = np.abs(table.values[:, found[0]]) * table.headings[found[0]].factor
    both = np.isfinite(modulus) & np.isfinite(size)
    apart = np.abs(modulus - size)[both] > _MODULUS_TOLERANCE * np.maximum(modulus, size)[both]
    if np.count_nonzero(apart) * 2 > apart.size:
        raise InstrumentError(
            f"the column '{table.headings[found[0]].text}' contradicts Z' and Z'' in {np.count_nonzero(apart)} of "
            f"{apart.size} rows",
            "check which heading stands above which column, and the units",
            where,
        )


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
    permittivities: M. Wübbenhorst and J. van Turnhout, J. Non-Cryst. Solids 305 (2002) 40):
    the two have the same sign.
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
