"""Every exception alloop raises on purpose.

A :class:`UserError` carries one :class:`Problem` per thing that is wrong; the command line prints one line
for each and exits with code 2. Anything else below :class:`AlloopError` is alloop's own failure (code 1).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong: where it stands, what it is and what would mend it."""

    where: str
    what: str
    mend: str = ""

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        return f"{place}{self.what}" + (f"; {self.mend}" if self.mend else "")


class AlloopError(Exception):
    """The root of alloop's exceptions."""


class UserError(AlloopError):
    """Something the user gave is wrong; `problems` lists all of it at once."""

    def __init__(self, problems: str | Problem | Iterable[Problem], mend: str = "", where: str = "") -> None:
        if isinstance(problems, str):
            problems = Problem(where, problems, mend)
        self.problems = (problems,) if isinstance(problems, Problem) else tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))

    def __reduce__(self) -> tuple[type[UserError], tuple[tuple[Problem, ...]]]:
        """As it travels between processes: whole, not as its text."""
        return type(self), (self.problems,)


class FormulaError(UserError):
    """A species or formula that cannot be read, or whose charges do not balance."""


class UnitError(UserError):
    """A unit that is unknown or measures something else."""


class PropertyError(UserError):
    """A property that alloop does not know."""


class PrecursorError(UserError):
    """No combination of the declared precursors gives the composition."""


class CampaignFileError(UserError):
    """The campaign file is wrong."""


class SpaceError(UserError):
    """The design space is empty, too large to count, or does not hold the candidate asked for."""


class PlanError(UserError):
    """No plate can be planned as asked."""


class UploadError(UserError):
    """The upload cannot be recorded; nothing of it was."""


class InstrumentError(UserError):
    """An instrument file that cannot be read, or one that is not what it is taken for."""


class StateError(UserError):
    """The plate, campaign or sample is not in a state that allows the command, or does not exist."""


class RunnerError(UserError):
    """No such runner, nobody answers at its address, or its workers compute with other versions."""


class WorkersLostError(AlloopError):
    """The workers of a runner went away before they were done; nothing was recorded."""


class OutdatedError(StateError):
    """Something changed in the records meanwhile; nothing was recorded, and doing it again is right."""


class RecordsError(AlloopError):
    """The records are damaged or cannot be reached."""


class TryAgainError(RecordsError):
    """The database does not answer, hung up, or was busy for long: the same may work in a moment.

    Nothing is recorded half. Whether what was just being recorded is there as a whole is known when it answers again.
    """
