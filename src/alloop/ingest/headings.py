"""What stands at the top of a column: what the column holds, in which unit, under which conditions."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass, replace

from alloop.errors import UnitError
from alloop.ingest.cells import fold
from alloop.properties import PROPERTIES, get_property, is_property
from alloop.units import convert, is_unit, normalise_unit

_BRACKETED = re.compile(r"^(?P<name>.*?)\s*\[(?P<unit>[^\[\]]*)\]\s*$", re.DOTALL)
_IN_PARENTHESES = re.compile(r"^(?P<name>.*?)\s*\((?P<unit>(?:[^()]|\([^()]*\))*)\)\s*$", re.DOTALL)
_BEHIND_STROKE = re.compile(r"^(?P<name>.*?\S)\s+/\s*(?P<unit>\S.*)$", re.DOTALL)
_TEMPERATURE = re.compile(
    r"[\s,;_]*(?:@|\bat\b|\()?\s*(?P<value>-?\d+(?:[.,]\d+)?)\s*(?P<unit>°\s?C|℃|deg\s?C|K)\b\)?",
    re.IGNORECASE,
)
# Kinds of conductivity and "room temperature", which would otherwise be read as gigabytes and roentgens.
_NO_UNITS = ("gb", "rt")

KINDS = {
    "total": "total", "bulk": "bulk", "grain": "bulk", "intragrain": "bulk",
    "gb": "grain_boundary", "grain boundary": "grain_boundary", "grain boundaries": "grain_boundary",
}  # fmt: skip
"""Kinds of conductivity as written -> as stored."""

_ROLES = {
    "sample": "sample", "sample id": "sample", "sample name": "sample", "barcode": "sample",
    "plate": "plate", "plate id": "plate", "well": "well", "well id": "well", "position": "well",
    "formula": "formula", "composition": "formula",
    "property": "property", "value": "value", "unit": "unit", "units": "unit", "bound": "bound",
    "qualifier": "qualifier", "source": "source", "phase": "phase", "doi": "source", "reference": "source",
    "temperature": "temperature_C", "temperature c": "temperature_C", "temp": "temperature_C",
    "temp c": "temperature_C", "t": "temperature_C", "measurement temperature": "temperature_C",
    "kind": "kind", "conductivity kind": "kind", "method": "method", "file": "file", "filename": "file",
    "measured at": "measured_at", "date": "measured_at", "measurement date": "measured_at",
    "uncertainty": "uncertainty", "error": "uncertainty", "sd": "uncertainty", "std": "uncertainty",
    "±": "uncertainty", "+/-": "uncertainty",
    "status": "status",
    "note": "note", "notes": "note", "comment": "note", "comments": "note", "remark": "note",
    "phases": "phases", "supersedes": "supersedes",
    "thickness": "thickness_mm", "thickness mm": "thickness_mm", "diameter": "diameter_mm",
    "diameter mm": "diameter_mm", "mass": "mass_mg", "mass mg": "mass_mg",
    "current ma per cm2": "current_mA_per_cm2", "pressure mpa": "pressure_MPa",
}  # fmt: skip
_UNCERTAINTY_WORDS = {"uncertainty", "error", "err", "sd", "std", "stdev", "±", "+/-"}
# Single Latin letters (a, c, s) head columns of many other things.
_SYMBOLS = {
    entry.symbol: entry.name
    for entry in PROPERTIES.values()
    if len(entry.symbol) > 1 or not entry.symbol.isascii()
}
ROLE_UNITS = {
    "temperature_C": "degC", "thickness_mm": "mm", "diameter_mm": "mm", "mass_mg": "mg",
    "current_mA_per_cm2": "mA/cm^2", "pressure_MPa": "MPa",
}  # fmt: skip
"""The unit in which the numbers of a describing column are stored."""


@dataclass(frozen=True)
class Column:
    """One column as its heading describes it.

    `role` is "measured" for a column of values of the property `name`, "uncertainty_of" for their
    uncertainties, "setting" for the process setting `name`, a column name of the results table ("sample",
    "temperature_C", …), or "" when the heading is none of these; then `name` is what was left of it, empty
    when it held only a unit or a condition (a second line of headings).
    """

    heading: str
    role: str
    name: str = ""
    unit: str = ""
    temperature_C: float | None = None
    kind: str | None = None
    position: int = 0

    @property
    def is_addition(self) -> bool:
        """Whether the heading only adds a unit or a condition to one above it."""
        return self.role == "" and self.name == "" and self.heading != ""

    def under(self, above: Column) -> Column:
        """This heading read together with the one above it."""
        return replace(
            above,
            heading=f"{above.heading} {self.heading}",
            unit=self.unit or above.unit,
            temperature_C=above.temperature_C if self.temperature_C is None else self.temperature_C,
            kind=self.kind or above.kind,
        )


def split_unit(heading: str) -> tuple[str, str]:
    """A heading parted into its name and its unit: ``σ [mS/cm]``, ``σ (mS/cm)`` or ``σ / mS cm⁻¹``.

    Square brackets always hold a unit; what stands in parentheses or behind a stroke only if it is one. The
    unit is "" where there is none.
    """
    text = " ".join(heading.split())
    found = _BRACKETED.match(text)
    if found is not None:
        return found["name"].strip(), found["unit"].strip()
    for pattern in (_IN_PARENTHESES, _BEHIND_STROKE):
        found = pattern.match(text)
        if found is not None and _reads_as_unit(found["unit"]):
            return found["name"].strip(), found["unit"].strip()
    return text, ""


def _reads_as_unit(text: str) -> bool:
    plain = re.sub(r"\s*\bvs\b.*", "", text).strip()
    try:
        return plain.lower() not in ("", *_NO_UNITS) and (normalise_unit(plain) == "1" or is_unit(plain))
    except UnitError:
        return False


def read_heading(heading: str, settings: Collection[str] = ()) -> Column:
    """What a column holds, judged by its heading; names of process settings come before all others.

    Besides ``ionic_conductivity [mS/cm]`` it reads conditions in the heading (``bulk conductivity at 60 °C
    [S/cm]``), units spelled out (``ionic_conductivity_S_per_cm``) and uncertainties (``Ea error [eV]``).
    """
    name, unit = split_unit(heading)
    column = Column(" ".join(heading.split()), "", name, unit)
    by_setting = {_words(setting): setting for setting in settings}
    if _words(name) in by_setting:
        return replace(column, role="setting", name=by_setting[_words(name)])
    if _words(name) in _ROLES:
        return replace(column, role=_ROLES[_words(name)])
    return _read_quantity(column)


def _read_quantity(column: Column) -> Column:
    """A property with what else its heading says."""
    whole = _property_name(column.name)
    if whole is not None:
        return replace(column, role="measured", name=whole)
    name, temperature = column.name, None
    found = _TEMPERATURE.search(name)
    if found is not None:
        unit = "K" if found["unit"].upper() == "K" else "degC"
        temperature = convert(float(found["value"].replace(",", ".")), unit, "degC")
        name = (name[: found.start()] + " " + name[found.end() :]).strip()
    words = _words(re.sub(r"[()\[\],;]", " ", name)).split()
    is_uncertainty = bool(_UNCERTAINTY_WORDS & set(words))
    kind, words = _take_kind([word for word in words if word not in _UNCERTAINTY_WORDS])
    rest = replace(column, name=" ".join(words), temperature_C=temperature, kind=kind)
    found_name = _property_name(rest.name) or _property_name(name)
    if found_name is not None:
        return replace(rest, role="uncertainty_of" if is_uncertainty else "measured", name=found_name)
    spelled = _house_style(column) if not column.unit else None
    if spelled is not None:
        return spelled
    if not rest.name and not is_uncertainty:
        return rest
    if not column.unit and _reads_as_unit(column.name):
        return replace(column, name="", unit=column.name)
    return column


def _words(name: str) -> str:
    return " ".join(re.split(r"[\s_\-]+", fold(name))).strip()


def _property_name(name: str) -> str | None:
    if name in _SYMBOLS:
        return _SYMBOLS[name]
    plain = _words(name).replace(" ", "_")
    return get_property(plain).name if plain and is_property(plain) else None


def _take_kind(words: list[str]) -> tuple[str | None, list[str]]:
    joined = f" {' '.join(words)} "
    for written in sorted(KINDS, key=len, reverse=True):
        if f" {written} " in joined:
            return KINDS[written], joined.replace(f" {written} ", " ", 1).split()
    return None, words


def _house_style(column: Column) -> Column | None:
    """A quantity with its unit spelled out behind it: ``activation_energy_eV``, ``…_S_per_cm``."""
    parts = re.split(r"[\s_]+", column.name)
    for cut in range(len(parts) - 1, 0, -1):
        unit = f" {' '.join(parts[cut:])}".replace(" per ", "/").strip()
        if _reads_as_unit(unit):
            found = _read_quantity(replace(column, name="_".join(parts[:cut]), unit=unit))
            if found.role:
                return found
    return None


KNOWN_NAMES = tuple(sorted(set(_ROLES.values()) | set(PROPERTIES)))
"""The column names of a results table, for suggestions."""
