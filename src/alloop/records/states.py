"""The life of a plate: its states and the steps that are allowed between them.

proposed -> approved -> in_synthesis (powders are weighed) -> measuring (first result) -> complete (all
results in, or closed). A proposal may be rejected; a plate that is not yet measured may be cancelled.
A complete plate still takes late results and corrections: they do not change its state.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from alloop.errors import StateError

TRANSITIONS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "proposed": ("approved", "rejected", "cancelled"),
        "approved": ("in_synthesis", "cancelled"),
        "in_synthesis": ("measuring", "complete", "cancelled"),
        "measuring": ("complete",),
        "complete": (),
        "rejected": (),
        "cancelled": (),
    }
)
PLATE_STATES: tuple[str, ...] = tuple(TRANSITIONS)
DROPPED_STATES = ("rejected", "cancelled")
"""States of a plate that was never made: it counts nowhere."""

PENDING_STATES: tuple[str, ...] = ("proposed", "approved", "in_synthesis", "measuring")

_MEANING = {
    "proposed": "waits for approval",
    "approved": "is approved and waits to be weighed",
    "in_synthesis": "is being made",
    "measuring": "is being measured",
    "complete": "is complete",
    "rejected": "was rejected",
    "cancelled": "was cancelled",
}
_STEP = {
    "approved": "approved",
    "rejected": "rejected",
    "cancelled": "cancelled",
    "in_synthesis": "recorded as made",
    "measuring": "measured",
    "complete": "closed",
    "proposed": "proposed again",
}
_MEND = {
    "proposed": "approve or reject it first",
    "approved": "record it as made first, or cancel it",
    "in_synthesis": "upload its results, close it, or cancel it",
    "measuring": "its values stay; close it when no more results will come",
    "complete": "late results and corrections can still be uploaded",
    "rejected": "plan another plate",
    "cancelled": "plan another plate",
}


def check_transition(plate: str, old: str, new: str) -> None:
    """Make sure that a plate may go from state `old` to state `new`.

    Raises:
        StateError: when it may not; the message says what the plate's state is and what can be done.
        ValueError: when `new` is no state at all.
    """
    if new not in TRANSITIONS:
        raise ValueError(f"no such plate state: {new!r}")
    if new not in TRANSITIONS[old]:
        raise StateError(f"it {_MEANING[old]} and cannot be {_STEP[new]}", _MEND[old], f"plate {plate}")


def check_editable(plate: str, state: str) -> None:
    """Make sure that the wells of a plate may still be swapped or locked: only a proposal's may.

    Raises:
        StateError: when the plate is not a proposal any more.
    """
    if state != "proposed":
        raise StateError(
            f"it {_MEANING[state]} and its wells cannot be changed",
            "only a proposal can be edited",
            f"plate {plate}",
        )


__all__ = [
    "DROPPED_STATES",
    "PENDING_STATES",
    "PLATE_STATES",
    "TRANSITIONS",
    "check_editable",
    "check_transition",
]
