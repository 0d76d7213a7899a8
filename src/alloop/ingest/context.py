"""What a table is read against, and what reading it gives."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from alloop.errors import Problem, StateError, UploadError
from alloop.instruments import UNKNOWN_SIZE, Geometry
from alloop.records import DerivationRow, MeasurementRow, SampleRow, StatusRow, split_sample_id
from alloop.space import Setting

if TYPE_CHECKING:  # the planner needs torch, reading a table does not
    from alloop.planning.aims import Constraint, Objective

STATUSES = ("ok", "not_formed", "cracked", "shorted", "lost", "not_measured")
"""What may have become of a sample."""


@dataclass(frozen=True)
class Conditions:
    """Conditions under which a campaign wants a property; None where it does not say."""

    temperature_C: float | None = None
    kind: str | None = None


@dataclass(frozen=True)
class ResultsContext:
    """The campaign that a table belongs to.

    `conditions` are those that the campaign's objectives and constraints name, by property: a results table
    that does not state its own was measured under them. `target_phases` are the names of the target phase
    (`amorphous_target` when glass is wanted instead); with them the `phases` column gives a target phase
    fraction, and `references` is the folder of structures against which diffraction patterns are fitted. `pellet`
    is the usual size of the pellets. `plate_states` lets messages say why a plate has no samples yet.
    `check_formulas` is off where formulas are not those of ionic compounds (alloys). `arranged` says, for plates that
    were measured otherwise than labelled, to which plate and well a label belongs (None: to none).
    """

    campaign: str
    samples: tuple[SampleRow, ...] = ()
    settings: tuple[Setting, ...] = ()
    mobile_ion: str = "Li+"
    conditions: Mapping[str, Conditions] = field(default_factory=dict)
    target_phases: tuple[str, ...] = ()
    amorphous_target: bool = False
    references: Path | None = None
    pellet: Geometry = UNKNOWN_SIZE
    plate_states: Mapping[str, str] = field(default_factory=dict)
    check_formulas: bool = True
    arranged: Mapping[str, Callable[[str], tuple[str, str] | None]] = field(default_factory=dict)

    @cached_property
    def plates(self) -> Mapping[str, Mapping[str, SampleRow]]:
        """The samples by plate and well label, as files and tables name them."""
        real: dict[str, dict[str, SampleRow]] = {}
        for sample in self.samples:
            real.setdefault(sample.plate, {})[sample.well] = sample
        found = dict(real)
        for plate, belongs in self.arranged.items():
            places = {label: belongs(label) for label in real[plate]}
            found[plate] = {
                label: real[place[0]][place[1]]
                for label, place in places.items()
                if place is not None and place[1] in real[place[0]]
            }
        return found

    def find_sample(self, text: str) -> SampleRow | None:
        """The sample of that name, whatever its capitals and zeros (``…-B7``); None when there is none."""
        try:
            plate, well = split_sample_id(text)
        except StateError:
            return None
        return self.plates.get(plate, {}).get(well)


def conditions_of(aims: Iterable[Objective | Constraint]) -> dict[str, Conditions]:
    """The conditions that objectives and constraints name; of several for one property the first counts."""
    found: dict[str, Conditions] = {}
    for aim in aims:
        found.setdefault(aim.property, Conditions(aim.temperature_C, aim.kind))
    return found


@dataclass(frozen=True)
class ParsedMeasurement:
    """A value ready to be recorded, and what it replaces.

    `supersedes` is "" for a value that stands beside all others, "previous" for one that replaces what is
    recorded of the same property of the same sample under the same conditions, or the number of a
    measurement.
    """

    row: MeasurementRow
    supersedes: str = ""


@dataclass(frozen=True)
class ParsedDerivation:
    """What was made of instrument files (`names`): how, the values, and what became of the sample."""

    names: tuple[str, ...]
    row: DerivationRow
    values: tuple[MeasurementRow, ...] = ()
    statuses: tuple[StatusRow, ...] = ()


@dataclass(frozen=True)
class ParsedUpload:
    """All that one or more files say; it may be recorded only when `problems` is empty."""

    measurements: tuple[ParsedMeasurement, ...] = ()
    statuses: tuple[StatusRow, ...] = ()
    warnings: tuple[Problem, ...] = ()
    problems: tuple[Problem, ...] = ()
    derived: tuple[ParsedDerivation, ...] = ()

    def checked(self) -> ParsedUpload:
        """The same, once it is certain that nothing is wrong with it.

        Raises:
            UploadError: listing every problem.
        """
        if self.problems:
            raise UploadError(self.problems)
        return self

    def __add__(self, other: ParsedUpload) -> ParsedUpload:
        return ParsedUpload(
            self.measurements + other.measurements,
            self.statuses + other.statuses,
            self.warnings + other.warnings,
            self.problems + other.problems,
            self.derived + other.derived,
        )


@dataclass
class Findings:
    """Problems and warnings as they are met; each is kept once, in the order of the file."""

    problems: dict[Problem, None] = field(default_factory=dict)
    warnings: dict[Problem, None] = field(default_factory=dict)

    def problem(self, where: str, what: str, mend: str = "") -> None:
        """Note something that keeps the upload from being recorded."""
        self.problems[Problem(where, what, mend)] = None

    def warn(self, where: str, what: str, mend: str = "") -> None:
        """Note something that the person who uploads should know."""
        self.warnings[Problem(where, what, mend)] = None
