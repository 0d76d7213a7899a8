"""The names of plates, wells and samples: HALIDE-SPINEL-003, B07, HALIDE-SPINEL-003-B07."""

from __future__ import annotations

import re

from alloop.errors import StateError

_WELL = re.compile(r"([A-Za-z]{1,2})0*([1-9][0-9]?)")
_SAMPLE = re.compile(r"(.+-[0-9]{3,})-([A-Z]{1,2}[0-9]{2})")


def plate_id(campaign: str, number: int) -> str:
    """The name of a campaign's plate: the slug in capitals and a number of at least three digits."""
    return f"{campaign.upper()}-{number:03d}"


def well_label(text: str, where: str = "") -> str:
    """The canonical form of a well's label: letters in capitals, two digits (`a1`, `A01` -> `A01`).

    Raises:
        StateError: when the text is no label.
    """
    match = _WELL.fullmatch(text.strip())
    if match is None:
        raise StateError(
            f"{text!r} is not a well", "write its row letter and column number, such as B7", where
        )
    return f"{match[1].upper()}{int(match[2]):02d}"


def sample_id(plate: str, well: str) -> str:
    """The name and barcode of the sample made in a well of a plate."""
    return f"{plate}-{well_label(well)}"


def split_sample_id(sample: str) -> tuple[str, str]:
    """The plate and the well of a sample.

    Raises:
        StateError: when the text does not have the form of a sample's name.
    """
    head, _, tail = sample.strip().upper().rpartition("-")
    match = _SAMPLE.fullmatch(f"{head}-{well_label(tail, sample)}") if head else None
    if match is None:
        raise StateError(f"{sample!r} is not a sample", "write plate and well, such as HALIDE-SPINEL-003-B07")
    return match[1], match[2]


__all__ = ["plate_id", "sample_id", "split_sample_id", "well_label"]
