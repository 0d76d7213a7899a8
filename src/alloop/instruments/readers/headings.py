"""What stands at the top of a column of an instrument file: a quantity, its unit, its sign."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

from alloop.instruments.readers.scales import scale

_NAMES: dict[str, tuple[str, ...]] = {
    "frequency": ("freq", "frequency", "f", "frequenz", "frequence", "frecuencia", "frequenza", "hz", "fhz"),
    "angular frequency": ("omega", "ω", "angularfrequency", "kreisfrequenz"),
    "real": ("z'", "zs'", "re(z)", "re[z]", "rez", "zre", "zreal", "zr", "realz", "real(z)", "real", "re", "z're",
             "zre'", "z'(a)", "realpart", "realteil", "zprime", "z'real", "reel", "partiereelle", "real(z')"),
    "imaginary": ("z''", "zs''", "im(z)", "im[z]", "imz", "zim", "zimag", "zimg", "zi", "imagz", "imag(z)", "imag",
                  "im", "z''im", "zim''", "z''(b)", "imaginary", "imaginarypart", "imaginarteil", "imaginaerteil",
                  "zdoubleprime", "z''imag", "partieimaginaire", "imag(z'')"),
    "modulus": ("|z|", "zmod", "modz", "mod(z)", "abs(z)", "absz", "zabs", "magnitude", "zmag", "zmagnitude", "modulus",
                "impedance", "impedanz", "z", "betrag", "|z|mod", "magz"),
    "phase": ("phase", "phase(z)", "phasez", "theta", "theta(z)", "θ", "φ", "ϕ", "phi", "zphz", "zphase", "phz",
              "arg(z)", "argz", "angle", "phaseangle", "phasenwinkel", "phasewinkel", "phaseshift", "zphi"),
    "time": ("time", "t", "elapsedtime", "zeit", "temps", "tiempo", "testtime", "totaltime", "timesec", "runtime"),
    "voltage": ("ewe", "e", "v", "u", "voltage", "potential", "ecell", "vf", "cellvoltage", "spannung", "tension",
                "we(1)potential", "potentialapplied", "potentiel", "potenzial", "voltaje", "ewe-ece", "eweece",
                "cellpotential", "workingelectrodepotential"),
    "current": ("i", "current", "im", "strom", "courant", "we(1)current", "corriente", "cellcurrent"),
    "current density": ("j", "currentdensity", "stromdichte"),
    "control current": ("control",),
    "cycle": ("cyclenumber", "cycle", "cycleindex", "zyklus", "zyklusnummer", "cycle#", "cycleno", "numerodecycle"),
    "step": ("ns", "step", "stepindex", "segment", "segment#", "stepnumber", "schritt", "stepno", "scan"),
    "temperature": ("temperature", "temp", "temperatur", "t", "sampletemperature", "temperature1"),
    "thickness": ("thickness", "height", "dicke", "hohe", "epaisseur", "pelletthickness", "samplethickness", "d", "l"),
    "diameter": ("diameter", "durchmesser", "diametre", "pelletdiameter", "samplediameter"),
    "area": ("area", "electrodearea", "flache", "surface", "surfacearea", "electrodesurfacearea"),
    "sample": ("sample", "sampleid", "samplename", "well", "wellid", "barcode", "formula", "composition"),
}  # fmt: skip
_KINDS = {
    "frequency": ("Hz",), "angular frequency": ("rad/s",), "real": ("ohm", "ohm*cm2"),
    "imaginary": ("ohm", "ohm*cm2"), "modulus": ("ohm", "ohm*cm2"), "phase": ("rad",), "time": ("s",),
    "voltage": ("V",), "current": ("A", "A/cm2"), "current density": ("A/cm2",), "control current": ("A",),
    "temperature": ("degC", "kelvin"), "thickness": ("mm",), "diameter": ("mm",), "area": ("cm2",),
}  # fmt: skip
_NEEDS_UNIT = ("temperature", "thickness", "diameter", "area", "control current")
_LONGEST = 80
_BRACKETS = re.compile(r"^(?P<name>.*)[\[(](?P<unit>[^\[\]()]*)[\])]$")
_AGAINST = re.compile(r"\s+vs\b\.?\s*(?P<reference>.*)$", re.IGNORECASE)
_SPREADSHEET_ERRORS = ("#name?", "#nom?", "#nombre?")
_MINUS = re.compile(r"^(?:-|minus\b|neg(?:ative)?\b\.?)\s*")


@dataclass(frozen=True)
class Heading:
    """One heading as understood.

    Attributes:
        text: as it stands in the file.
        quantity: a key of the list of names, "spreadsheet error", or "" where it is not known.
        kind: what its unit measures ("ohm", "ohm*cm2", "rad"…), "" where there is no unit.
        factor: from its unit to that kind.
        negated: whether the column holds the negative of the quantity (-Z'').
        reference: what stands behind "vs." ("Li/Li+").
    """

    text: str
    quantity: str = ""
    kind: str = ""
    factor: float = 1.0
    negated: bool = False
    reference: str = ""


@lru_cache(maxsize=4096)
def read_heading(text: str, unit: str = "") -> Heading:
    """What a column holds, judged by its heading, and by the unit below it where it stands in a row of its own."""
    shown = " ".join(text.split())
    if not shown or len(shown) > _LONGEST or len(unit) > _LONGEST:
        return Heading(shown[:_LONGEST])
    if shown.lower() in _SPREADSHEET_ERRORS:
        return Heading(shown, "spreadsheet error")
    for name, written in _splits(_plain(shown), _plain(unit.strip())):
        found = _AGAINST.search(written)
        reference = found["reference"].strip(" .)") if found is not None else ""
        measure = scale(written[: found.start()] if found is not None else written) if written else None
        if written and measure is None:
            continue
        quantity, negated = _quantity(name, "" if measure is None else measure[0])
        if quantity:
            kind, factor = ("", 1.0) if measure is None else measure
            return Heading(shown, quantity, kind, factor, negated, reference)
    return Heading(shown)


def _plain(text: str) -> str:
    """One spelling of primes, dashes and wide letters."""
    primes = text.replace("”", "''").replace("“", "''").replace("″", "''").replace('"', "''")
    plain = unicodedata.normalize("NFKC", primes)
    for old, new in (
        ("′", "'"),
        ("’", "'"),
        ("‘", "'"),
        ("´", "'"),
        ("`", "'"),
        ("−", "-"),
        ("–", "-"),
        ("—", "-"),
    ):
        plain = plain.replace(old, new)
    return plain.strip()


def _splits(text: str, unit: str) -> list[tuple[str, str]]:
    """The ways to part a heading into a name and a unit, the most telling first."""
    if unit and unit not in ("#", "-", "##"):
        return [(text, unit)]
    ways = []
    bracket = _BRACKETS.match(text)
    if bracket is not None:
        ways.append((bracket["name"], bracket["unit"].strip()))
    position = text.find("/")
    while position > 0:
        ways.append((text[:position], text[position + 1 :].strip(" ()[]")))
        position = text.find("/", position + 1)
    for mark in (",", " ", "_"):
        name, found, last = text.rpartition(mark)
        if found and last.strip():
            ways.append((name, last.strip()))
    return [*ways, (text, "")]


def _quantity(name: str, kind: str) -> tuple[str, bool]:
    words = name.strip().lower()
    words = words.removeprefix("data:").strip()
    minus = _MINUS.match(words)
    if minus is not None:
        words = words[minus.end() :]
    plain = "".join(
        letter for letter in unicodedata.normalize("NFKD", words) if not unicodedata.combining(letter)
    )
    for mark in (" ", ".", "_", ":", "<", ">"):
        plain = plain.replace(mark, "")
    for mark in ("-", "ˈ"):
        plain = plain if plain == "ewe-ece" else plain.replace(mark, "")
    for quantity, names in _NAMES.items():
        if plain not in names or (minus is not None and quantity not in ("imaginary", "phase")):
            continue
        allowed = _KINDS.get(quantity, ())
        if (kind and kind not in allowed) or (not kind and quantity in _NEEDS_UNIT):
            continue
        if quantity == "angular frequency" or kind != "rad/s":
            return ("current density" if kind == "A/cm2" else quantity), minus is not None
    return "", False
