"""What each measured composition is called and gave, for the reasons of a plan."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import Literal

from alloop.campaign.evidence import Evidence
from alloop.campaign.observations import Learned
from alloop.chemistry.formula import format_formula
from alloop.planning.aims import Constraint, Objective
from alloop.planning.because import Known, Measured
from alloop.records import MeasurementRow, StatusRow


@dataclass
class _Gathered:
    names: list[str] = field(default_factory=list)
    formula: str = ""
    rows: dict[str, list[MeasurementRow]] = field(default_factory=dict)
    failed: bool = False


def known_things(
    evidence: Evidence, learned: Learned, aims: Sequence[Objective | Constraint]
) -> tuple[Known, ...]:
    """What each row of `learned.measured` is and gave; of repeats the median.

    A composition of the own laboratory bears the name of its first sample; others that of their publication.
    """
    units = {aim.property: aim.unit for aim in reversed(aims)}
    order = list(dict.fromkeys(aim.property for aim in aims))
    found = {identity: _Gathered() for identity in learned.identities}
    for rows in learned.rows.values():
        for row in rows:
            own = found.get(learned.subjects.identity(row))
            if own is not None:
                own.rows.setdefault(row.property, []).append(row)
                own.names.append(row.sample or row.source or row.origin)
                own.formula = own.formula or _formula(evidence, row)
    for status in evidence.statuses:
        own = found.get(learned.subjects.identity(status))
        if own is not None:
            own.names.append(status.sample or status.origin)
            own.formula = own.formula or _formula(evidence, status)
            failed = status.sample is None and status.status in ("not_formed", "cracked")
            own.failed |= failed or evidence.outcome.get(status.sample or "") == "failed"
    return tuple(
        Known(
            _named(own.names, evidence),
            own.formula,
            {name: _measured(own.rows[name], units[name]) for name in order if name in own.rows},
            own.failed,
        )
        for own in found.values()
    )


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


__all__ = ["known_things"]
