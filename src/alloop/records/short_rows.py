"""Rows of a few columns, for questions about a hundred thousand of them."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from alloop.records.rows import Bound, Doubt, Origin


class ShortValue(NamedTuple):
    """A value that was not superseded, with what is thought of it now. See :class:`MeasurementRow`."""

    sample: str | None
    property: str
    value: float
    bound: Bound
    temperature_C: float | None
    kind: str | None
    doubt: Doubt
    doubt_why: str | None
    origin: Origin
    qualifier: str | None
    upload_id: int | None


class ShortPlate(NamedTuple):
    """A plate, its state since when, and how many wells it has."""

    id: str
    number: int
    state: str
    state_at: datetime
    wells: int


class ShortSample(NamedTuple):
    """A sample and where it was made."""

    id: str
    plate: str
    well: str


class ShortStatus(NamedTuple):
    """What became of a sample, or of one property of it."""

    sample: str
    status: str
    property: str | None


class ShortPrediction(NamedTuple):
    """What was foretold of a sample, as its plate's plan froze it."""

    sample: str
    property: str
    scale: str
    median: float
    low90: float
    high90: float
    sd: float
