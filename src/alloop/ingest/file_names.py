"""Which sample a file is about, by its name: GARN-003_B07.mpt, plate 3/B7_60C.txt."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath

from alloop.errors import StateError
from alloop.records import SampleRow, well_label

_WELL = re.compile(r"[A-Za-z]{1,2}0*[1-9][0-9]?")
_TEMPERATURE = re.compile(
    r"(?<![0-9A-Za-z.])(?P<value>[-−]?\d{1,4}(?:[.p]\d+)?)[ _]?(?:°[ _]?C|deg[ _]?C?|oC|C|K)(?![0-9A-Za-z])"
)
# EC-Lab ends its names with technique and channel: ..._02_PEIS_C01.mpt
_CHANNEL = re.compile(
    r"_(?:PEIS|GEIS|SPEIS|SGEIS|CA|CP|OCV|CV|LSV|GCPL|GPI|MB|LP|LASV|WAIT|ZIR)_(?P<channel>C\d\d)(?:_[A-Z]\d+)?$",
    re.IGNORECASE,
)


@dataclass(frozen=True)
class Named:
    """What a file's name says: the sample, or why it is not clear (`what`), and a temperature."""

    sample: SampleRow | None
    what: str = ""
    temperature_C: float | None = None


def read_name(name: str, plates: Mapping[str, Mapping[str, SampleRow]]) -> Named:
    """The sample that a file's name (or path below what was dropped) speaks of.

    Names are read as words: a plate's whole name or its number, and a well's label. Words of the file's own name go
    before those of its folders; a plate that is not named is the only one that has samples.

    Args:
        name: of the file, with "/" between folders.
        plates: the samples by plate and well label.
    """
    path = PurePosixPath(name.replace("\\", "/"))
    stem = path.name
    while PurePosixPath(stem).suffix and not PurePosixPath(stem).suffix[1:2].isdigit():
        stem = PurePosixPath(stem).stem
    temperature = _temperature(stem)
    channel = _CHANNEL.search(stem)
    if channel is not None:
        stem = stem[: channel.start()]
    places = [stem, *(part for part in reversed(path.parts[:-1]))]
    plate, what = _plate(places, plates)
    if plate is None:
        return Named(None, what, temperature)
    wells = _wells(stem, plate, plates[plate])
    if not wells and len(places) > 1:
        wells = _wells(places[1], plate, plates[plate])
    if len(wells) > 1:
        named = ", ".join(wells)
        return Named(None, f"its name speaks of several wells ({named})", temperature)
    if not wells:
        return Named(None, f"its name speaks of no well of {plate}", temperature)
    return Named(plates[plate][wells[0]], "", temperature)


def _plate(places: Sequence[str], plates: Mapping[str, object]) -> tuple[str | None, str]:
    """The plate that the first of some places names; or None and why."""
    for place in places:
        plain = _plain(place)
        named = [plate for plate in plates if re.search(rf"(?<![A-Z0-9]){_plain(plate)}(?![0-9])", plain)]
        named = named or [plate for plate in plates if _short_name(plate, plain)]
        if len(named) == 1:
            return named[0], ""
        if len(named) > 1:
            return None, f"its name fits several plates ({', '.join(sorted(named))})"
    if len(plates) == 1:
        return next(iter(plates)), ""
    if not plates:
        return None, "no plate has samples yet"
    return None, "its name speaks of no plate, and several have samples"


def _plain(text: str) -> str:
    return re.sub(r"[\s_.\-]+", "-", text).upper()


def _short_name(plate: str, plain: str) -> bool:
    """Whether a text has the plate's number behind "plate", "p", or a beginning of the campaign's name."""
    campaign, _, number = plate.rpartition("-")
    for found in re.finditer(
        r"(?<![A-Z0-9])(?P<word>[A-Z][A-Z-]*?)-?0*(?P<number>[1-9][0-9]*)(?![0-9])", plain
    ):
        word = found["word"].rstrip("-")
        fits = word in ("PLATE", "P", "PL", "PLATTE") or (len(word) >= 3 and campaign.startswith(word))
        if fits and int(found["number"]) == int(number):
            return True
    return re.search(rf"(?<![A-Z0-9]){re.escape(number)}(?![A-Z0-9])", plain) is not None


def _wells(text: str, plate: str, samples: Mapping[str, object]) -> list[str]:
    """The labels of the plate's samples that stand in a text, each once, without the plate's own name."""
    plain = re.sub(re.escape(_plain(plate)), "-", _plain(text), flags=re.IGNORECASE)
    found: dict[str, None] = {}
    for word in re.split(r"[^A-Za-z0-9]+", plain):
        if _WELL.fullmatch(word):
            try:
                label = well_label(word)
            except StateError:
                continue
            if label in samples:
                found[label] = None
    return list(found)


def _temperature(stem: str) -> float | None:
    """A temperature in °C that a name states once ("60C", "-25degC", "333K")."""
    found = {match.group(0): match for match in _TEMPERATURE.finditer(stem)}
    if len(found) != 1:
        return None
    (match,) = found.values()
    value = float(match["value"].replace("−", "-").replace("p", "."))
    return value - 273.15 if match.group(0).endswith("K") else value


__all__ = ["Named", "read_name"]
