"""What stands behind a well: neighbours that were measured, what drives its prediction, what it would teach."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class Measured:
    """One value of a property in canonical units; the median where it was measured several times."""

    value: float
    unit: str
    bound: Literal["exact", "below", "above"] = "exact"


@dataclass(frozen=True)
class Known:
    """A composition with its settings that has results.

    `name` is a sample of the own laboratory or the publication it comes from; `failed` says that it did not form.
    """

    name: str
    formula: str
    values: Mapping[str, Measured]
    failed: bool = False


@dataclass(frozen=True)
class Neighbour:
    """Something measured near a well; `distance` in multiples of the usual distance between measured things."""

    known: Known
    distance: float


@dataclass(frozen=True)
class Driver:
    """What one thing in a well does to its predictions, against the undoped host at middling settings.

    `effects` are shares of the difference between the two predictions, on each property's model scale: decades on
    log10, natural logarithms of the odds on logit, else the canonical unit.
    """

    what: str
    effects: Mapping[str, float]


@dataclass(frozen=True)
class Lesson:
    """What measuring a well is expected to teach about the objectives.

    `overall` is the share by which the standard deviations over the whole space would fall; `share` that among the
    candidates which have `about` in common with the well, where it teaches most. Both from 0 to 1.
    """

    overall: float
    about: str
    share: float


@dataclass(frozen=True)
class PlateGain:
    """What making a plate is expected to bring, with nine tenths of the drawn worlds between `low90` and `high90`.

    `unit` says in what: ``"hypervolume"`` (relative growth), ``"hits"`` (new samples that meet all targets), a unit or
    ``"decades"`` (growth of the only objective's best value on its model scale), or ``"doubt"`` (the share that goes
    off the doubt which `map` is to lower; it does not depend on what is measured, so there is no interval). `random`
    is the same for plates of random candidates under the same rules; None where there are none.
    """

    mean: float
    low90: float | None
    high90: float | None
    random: float | None
    unit: str


__all__ = ["Driver", "Known", "Lesson", "Measured", "Neighbour", "PlateGain"]
