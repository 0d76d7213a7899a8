"""What the lines above the data state: the pellet's size, temperature, date, electrode, technique."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime

from alloop.instruments.readers.scales import scale
from alloop.instruments.recording import UNKNOWN_SIZE, Geometry

_MOST_LINES = 400
_LONGEST_LINE = 1_000
_NUMBER = r"[-+]?\d{1,12}(?:[.,]\d{1,15})?(?:[eE][-+]?\d{1,3})?"
_SIZE = re.compile(
    r"(?P<before>[^\W\d_]{0,20}) ?\b(?P<what>thickness|height|dicke|höhe|[eé]paisseur|diameter|durchmesser|diam[eè]tre"
    r"|area|fläche|surface|temperature|temperatur|temp)"
    r"\s{0,4}(?:[\[(]\s{0,2}(?P<inside>[^\]\[()]{1,8})[\])])?\s{0,12}[:=]\s{0,12}"
    rf"(?P<value>{_NUMBER})\s{{0,4}}(?P<behind>°\s?C|deg\s?C|[µμ]m\b|[cm]?m[²2]|[cm]m\^2|[cm]?m\b|K\b|C\b)?",
    re.IGNORECASE,
)
_LENGTHS = {
    "thickness": "thickness", "height": "thickness", "dicke": "thickness", "höhe": "thickness",
    "épaisseur": "thickness", "epaisseur": "thickness", "diameter": "diameter", "durchmesser": "diameter",
    "diametre": "diameter", "diamètre": "diameter",
}  # fmt: skip
_NOT_THE_PELLETS = ("electrode", "spacer", "elektroden", "window", "electrodes")
_DEGREES = re.compile(
    r"(?P<sign>[-−+]?)(?P<value>\d{1,3}(?:[.,]\d{1,2})?)\s?(?P<unit>°\s?C|deg(?:\s?C)?\b|C(?![A-Za-z0-9])|K(?![A-Za-z0-9]))"
)
_COLDEST, _HOTTEST = -150.0, 1200.0
_DATE = re.compile(
    r"(?P<first>\d{1,2})[./-](?P<second>\d{1,2})[./-](?P<year>\d{4})"
    r"(?:\D{1,10}(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second_of>\d{2}))?(?:\.\d{1,9})?\s?(?P<half>[AP]M)?)?",
    re.IGNORECASE,
)
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_NAMED_DATE = re.compile(
    r"\b(?P<month>[A-Z][a-z]{2})[a-z]{0,6}\.? (?P<day>\d{1,2}), (?P<year>\d{4})"
    r"(?: {1,8}(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second_of>\d{2}))?\s?(?P<half>[AP]M)?)?"
)
_UNSTATED = ("", "unspecified", "(unspecified)", "(unspecified) (0 volts)", "none", "-", "0")


@dataclass(frozen=True)
class Statements:
    """What a file says besides its data.

    Attributes:
        geometry: the size of the pellet as stated.
        temperature_C: of the measurement as stated.
        measured_at: when the measurement began.
        metadata: as in a recording.
        remarks: on what was assumed or not believed.
    """

    geometry: Geometry = UNKNOWN_SIZE
    temperature_C: float | None = None
    measured_at: datetime | None = None
    metadata: dict[str, str] = field(default_factory=dict)
    remarks: tuple[str, ...] = ()


def read_statements(lines: Sequence[str], month_first: bool | None = None) -> Statements:
    """What the lines above a table state; sizes only where a unit stands with them.

    Args:
        lines: above the table.
        month_first: whether the program that wrote the file puts the month before the day; None where that is not
            known, and a date such as 03/04/2024 then is not taken.
    """
    sizes: dict[str, float] = {}
    temperature: float | None = None
    for line in lines[:_MOST_LINES]:
        for found in _SIZE.finditer(line[:_LONGEST_LINE]):
            what, measure = found["what"].lower(), scale((found["inside"] or found["behind"] or "").strip())
            value = float(found["value"].replace(",", "."))
            if measure is None:
                continue
            if what.startswith("temp"):
                if measure[0] in ("degC", "kelvin") and temperature is None:
                    temperature = _celsius(value, measure[0] == "kelvin")
                continue
            quantity = _LENGTHS.get(what, "area")
            excluded = found["before"].lower() in _NOT_THE_PELLETS and not (
                quantity == "area" and found["before"].lower() == "electrode"
            )
            if value > 0 and not excluded and measure[0] == ("cm2" if quantity == "area" else "mm"):
                sizes.setdefault(quantity, value * measure[1])
    geometry = Geometry(area_cm2=sizes.get("area")).over(
        Geometry.of_disc(sizes.get("thickness"), sizes.get("diameter"))
    )
    measured_at, metadata, remarks = _first_date(lines, month_first)
    return Statements(geometry, temperature, measured_at, metadata, remarks)


def _celsius(value: float, is_kelvin: bool) -> float | None:
    celsius = value - 273.15 if is_kelvin else value
    return celsius if _COLDEST <= celsius <= _HOTTEST else None


def temperature_in_words(text: str) -> float | None:
    """The one temperature that a title or a file name names: ``"s04147-140deg"``, ``"LPSCl_-25C"``, ``"413K"``.

    A hyphen right behind a letter or digit joins words, elsewhere it is a minus sign. Rates ("0.1C", "2C") are no
    temperatures: with a bare C, two digits and no decimals are asked for. None where two different ones are named.
    """
    named = set()
    for found in _DEGREES.finditer(text[:_LONGEST_LINE]):
        before = text[found.start() - 1] if found.start() else " "
        # "s05751_25deg" and "run-25C": whatever stands right before the digits must not be part of the number
        if not found["sign"] and (before.isalnum() or before in ".,"):
            continue
        is_bare = found["unit"] in ("C", "K")
        if is_bare and (len(found["value"]) < 2 or not found["value"].isdigit()):
            continue
        if found["unit"] == "K" and len(found["value"]) != 3:
            continue
        is_minus = found["sign"] in ("-", "−") and not before.isalnum()
        value = float(found["value"].replace(",", ".")) * (-1 if is_minus else 1)
        celsius = _celsius(value, found["unit"] == "K")
        if celsius is not None:
            named.add(round(celsius, 6))
    return named.pop() if len(named) == 1 else None


def _first_date(
    lines: Sequence[str], month_first: bool | None
) -> tuple[datetime | None, dict[str, str], tuple[str, ...]]:
    for line in lines[:_MOST_LINES]:
        short = line[:_LONGEST_LINE]
        named = _NAMED_DATE.search(short)
        if named is not None and named["month"].lower() in _MONTHS:
            moment = _moment(named, _MONTHS.index(named["month"].lower()) + 1, int(named["day"]))
            if moment is not None:
                return moment, {}, ()
        found = _DATE.search(short)
        if found is None:
            continue
        first, second = int(found["first"]), int(found["second"])
        is_month_first = second > 12 if max(first, second) > 12 or first == second else month_first
        if is_month_first is None:
            written = found.group().strip()
            words = f"the date {written} could be read in two ways and was not taken"
            return None, {"date_as_written": written}, (words,)
        moment = _moment(found, *((first, second) if is_month_first else (second, first)))
        if moment is not None:
            return moment, {}, ()
    return None, {}, ()


def _moment(found: re.Match[str], month: int, day: int) -> datetime | None:
    hour, half = int(found["hour"] or 0), (found["half"] or "").upper()
    hour = hour % 12 + (12 if half == "PM" else 0) if half else hour
    minute, second = int(found["minute"] or 0), int(found["second_of"] or 0)
    try:
        return datetime(int(found["year"]), month, day, hour, minute, second)
    except ValueError:
        return None


def stated(lines: Sequence[str], *keys: str) -> str | None:
    """What stands behind the first of the keys and a colon or an equals sign; None where nothing does."""
    wanted = tuple(key.lower() for key in keys)
    for line in lines[:_MOST_LINES]:
        short = line[:_LONGEST_LINE].strip().lstrip("#%* ")
        if short.lower().startswith(wanted):
            position = min((at for at in (short.find(":"), short.find("=")) if at > 0), default=-1)
            value = short[position + 1 :].strip() if position > 0 else ""
            if value.lower() not in _UNSTATED:
                return value
    return None
