from __future__ import annotations

from itertools import pairwise

import pytest
from records_builders import SLUG, add_campaign, add_plate

from alloop.errors import StateError
from alloop.records import (
    PENDING_STATES,
    PLATE_STATES,
    TRANSITIONS,
    Records,
    check_editable,
    check_transition,
)


def test_the_usual_life_of_a_plate() -> None:
    life = ["proposed", "approved", "in_synthesis", "measuring", "complete"]
    for old, new in pairwise(life):
        check_transition("P-001", old, new)


@pytest.mark.parametrize("old", PLATE_STATES)
@pytest.mark.parametrize("new", PLATE_STATES)
def test_every_other_step_is_refused_with_a_reason(old: str, new: str) -> None:
    if new in TRANSITIONS[old]:
        check_transition("P-001", old, new)
        return
    with pytest.raises(StateError, match=r"^plate P-001: it .* cannot be .*; .+"):
        check_transition("P-001", old, new)


def test_messages_read_aloud() -> None:
    with pytest.raises(StateError) as caught:
        check_transition("P-001", "measuring", "cancelled")
    assert str(caught.value) == (
        "plate P-001: it is being measured and cannot be cancelled; "
        "its values stay; close it when no more results will come"
    )


def test_nothing_leaves_an_end_and_every_state_is_reached() -> None:
    assert [state for state in PLATE_STATES if not TRANSITIONS[state]] == [
        "complete",
        "rejected",
        "cancelled",
    ]
    reached = {new for steps in TRANSITIONS.values() for new in steps}
    assert reached == set(PLATE_STATES) - {"proposed"}
    assert set(PENDING_STATES) == {state for state in PLATE_STATES if TRANSITIONS[state]}


def test_only_proposals_are_edited() -> None:
    check_editable("P-001", "proposed")
    with pytest.raises(StateError, match="only a proposal can be edited"):
        check_editable("P-001", "complete")


def test_a_state_that_does_not_exist_is_a_bug() -> None:
    with pytest.raises(ValueError, match="no such plate state"):
        check_transition("P-001", "proposed", "lost")


def test_records_follow_the_table(records: Records) -> None:
    add_campaign(records)
    plate = add_plate(records).id
    with records.writing(by="ada") as tx, pytest.raises(StateError, match="waits for approval"):
        tx.set_plate_state(plate, "measuring")
    with records.writing(by="grace") as tx:
        assert tx.set_plate_state(plate.lower(), "rejected", "too much indium").state == "rejected"
    assert records.plates(SLUG, PENDING_STATES) == []
    assert records.next_plate_number(SLUG) == 2
    event = records.events(SLUG)[-1]
    assert (event.verb, event.why, event.details) == (
        "plate rejected",
        "too much indium",
        {"from": "proposed"},
    )
    assert records.plate(plate).state_at == event.recorded_at
