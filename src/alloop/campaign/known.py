"""What each measured composition is called and gave, for the reasons of a plan."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from statistics import median
from typing import Any, Literal

from alloop.campaign.evidence import Evidence
from alloop.campaign.observations import Learned
from alloop.chemistry.formula import format_formula
from alloop.planning.aims import Constraint, Objective
from alloop.planning.because import Known, Measured
from alloop.records import MeasurementRow, StatusRow


class KnownThings(Sequence[Known]):
    """What each row of `learned.measured` is and gave, looked up when somebody asks: few of very many are shown.

    Of repeats the median counts. A composition of the own laboratory bears the name of its first sample; others that
    of their publication.
    """

    def __init__(self, evidence: Evidence, learned: Learned, aims: Sequence[Objective | Constraint]) -> None:
        self._evidence = evidence
        self._learned = learned
        self._units = {aim.property: aim.unit for aim in reversed(aims)}
        self._order = list(dict.fromkeys(aim.property for aim in aims))

    def __len__(self) -> int:
        return len(self._learned.identities)

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return tuple(self[one] for one in range(*place.indices(len(self))))
        identity = self._learned.identities[place]
        rows, statuses = self._rows.get(identity, []), self._statuses.get(identity, [])
        said: list[MeasurementRow | StatusRow] = [*rows, *statuses]
        names = [row.sample or row.source or row.origin for row in rows]
        names += [status.sample or status.origin for status in statuses]
        by_property: dict[str, list[MeasurementRow]] = {}
        for row in rows:
            by_property.setdefault(row.property, []).append(row)
        return Known(
            _named(names, self._evidence),
            next((text for text in (_formula(self._evidence, row) for row in said) if text), ""),
            {n: _measured(by_property[n], self._units[n]) for n in self._order if n in by_property},
            any(self._is_failure(status) for status in statuses),
        )

    def _is_failure(self, status: StatusRow) -> bool:
        failed = status.sample is None and status.status in ("not_formed", "cracked")
        return failed or self._evidence.outcome.get(status.sample or "") == "failed"

    @cached_property
    def _rows(self) -> Mapping[str, list[MeasurementRow]]:
        """The values that are learned from, property by property, by what they were measured of."""
        found: dict[str, list[MeasurementRow]] = {}
        for rows in self._learned.rows.values():
            for row in rows:
                found.setdefault(self._learned.subjects.identity(row), []).append(row)
        return found

    @cached_property
    def _statuses(self) -> Mapping[str, list[StatusRow]]:
        found: dict[str, list[StatusRow]] = {}
        for status in self._evidence.statuses:
            found.setdefault(self._learned.subjects.identity(status), []).append(status)
        return found


def _formula(evidence: Evidence, row: MeasurementRow | StatusRow) -> str:
    sample = evidence.sample_by_id.get(row.sample or "")
    return sample.formula if sample is not None else row.formula or format_formula(row.elements)


def _named(names: list[str], evidence: Evidence) -> str:
    """The first own sample, else the first publication, and how many more there are."""
    different = sorted(set(names), key=lambda name: (name not in evidence.sample_by_id, name))
    if not different:
        return ""
    more = len(different) - 1
    return different[0] + (f" and {more} more" if more else "")


def _measured(rows: Sequence[MeasurementRow], unit: str) -> Measured:
    exact = [row.value for row in rows if row.bound == "exact"]
    if exact:
        return Measured(float(f"{median(exact):.6g}"), unit)
    bound: Literal["below", "above"] = "below" if rows[0].bound == "below" else "above"
    return Measured(float(f"{rows[0].value:.6g}"), unit, bound)


__all__ = ["KnownThings"]
