"""What is due is told from records and folders alone, by numbers of events rather than by clocks."""

from __future__ import annotations

import time
from datetime import UTC, datetime

import pytest
from upkeep_lab import PLATE, SCHEDULE, SLUG, Lab

from alloop.records import EventRow
from alloop.upkeep import due_things, ingest_inbox, raise_alerts, release_plate, run_round

MORNING = datetime(2031, 3, 3, 7, tzinfo=UTC)


def kinds(lab: Lab) -> list[str]:
    return [one.kind for one in due_things(lab.campaign.records)]


def scheduled(lab: Lab, at: datetime = MORNING) -> Lab:
    """A lab whose rounds run at six, at seven in the morning after a round."""
    lab.says(SCHEDULE + "rounds: {on_results: false}\nalerts: {overdue_days: 0}\n")
    lab.clock.at = at
    run_round(lab.campaign, take_in=False)
    assert kinds(lab) == []
    return lab


def round_now(lab: Lab) -> None:
    """What a round leaves on record, without the work."""
    run_round(lab.campaign, take_in=False)


def test_a_campaign_without_a_schedule_is_left_to_people(registered: Lab) -> None:
    assert kinds(registered) == []
    registered.drop_well("a.csv", "A01")
    time.sleep(0.05)
    (due,) = due_things(registered.campaign.records)
    assert (due.kind, due.campaign, due.plate) == ("ingest", SLUG, None)
    assert due.why == "in the inbox: a.csv"


def test_a_scheduled_campaign_begins_by_itself(registered: Lab) -> None:
    registered.says(SCHEDULE)
    (due,) = due_things(registered.campaign.records)
    assert (due.kind, due.why) == ("round", "no plate was planned yet")


def test_an_occasion_is_the_same_until_something_happens(lab: Lab) -> None:
    lab.drop_well("a.csv", "A01")
    time.sleep(0.05)  # until it has settled
    first = due_things(lab.campaign.records)
    assert first == due_things(lab.campaign.records)
    assert [one.kind for one in first] == ["release", "ingest"]
    lab.drop_well("b.csv", "A02")
    time.sleep(0.05)
    second = due_things(lab.campaign.records)
    assert [one.kind for one in second] == ["release", "ingest"]
    assert first[0].occasion == second[0].occasion == f"release {PLATE}"
    assert first[1].occasion != second[1].occasion
    ingest_inbox(lab.campaign)
    assert kinds(lab) == ["release"]


def test_a_release_is_due_until_it_is_on_record(lab: Lab) -> None:
    assert kinds(lab) == ["release"]
    lab.campaign.made(PLATE, by="bo")
    assert kinds(lab) == ["release"]
    release_plate(lab.campaign, PLATE)
    assert kinds(lab) == []


def test_results_start_a_round_where_the_file_says_so(lab: Lab) -> None:
    lab.says("rounds: {on_results: true}\n")
    release_plate(lab.campaign, PLATE)
    run_round(lab.campaign)
    assert kinds(lab) == []
    lab.drop_all()
    time.sleep(0.05)
    assert kinds(lab) == ["round"]
    ingest_inbox(lab.campaign)
    (due,) = due_things(lab.campaign.records)
    assert (due.kind, due.why) == ("round", "plate complete by inbox")
    run_round(lab.campaign)
    assert kinds(lab) == []


def test_decisions_start_a_round_too(registered: Lab) -> None:
    registered.says("rounds: {on_results: true}\n")
    run_round(registered.campaign)
    registered.campaign.reject(PLATE, "too dear", by="ada")
    (due,) = due_things(registered.campaign.records)
    assert due.why == "plate rejected by ada"


def test_one_round_however_many_times_were_missed(registered: Lab) -> None:
    lab = scheduled(registered)
    lab.clock.go(days=20)
    (due,) = due_things(lab.campaign.records)
    assert due.why == "it is scheduled for 2031-03-23T06:00+00:00"
    round_now(lab)
    assert kinds(lab) == []
    lab.clock.go(hours=22)
    assert kinds(lab) == []
    lab.clock.go(hours=2)
    assert kinds(lab) == ["round"]


@pytest.mark.parametrize("hours", [0.5, 2, 24])
def test_a_clock_set_back_a_little_repeats_no_scheduled_round(registered: Lab, hours: float) -> None:
    lab = scheduled(registered)
    lab.clock.go(days=1)
    round_now(lab)
    lab.clock.go(hours=-hours)
    for _ in range(4):
        assert kinds(lab) == []
        round_now(lab)  # by hand or for results, with the clock as it is
        lab.clock.go(hours=hours / 4)
    lab.clock.at = MORNING.replace(day=5)
    assert kinds(lab) == ["round"]


def test_a_clock_set_back_by_years_does_not_stop_rounds(registered: Lab) -> None:
    lab = scheduled(registered, at=MORNING.replace(year=2090))
    lab.clock.at = MORNING
    (due,) = due_things(lab.campaign.records)
    assert due.why == "it is scheduled for 2031-03-03T06:00+00:00"
    round_now(lab)
    assert kinds(lab) == []
    lab.clock.go(days=1)
    assert kinds(lab) == ["round"]


def test_news_are_told_by_numbers_whatever_the_clock_says(lab: Lab) -> None:
    lab.says("rounds: {on_results: true}\n")
    release_plate(lab.campaign, PLATE)
    run_round(lab.campaign)
    lab.clock.go(days=-400)
    lab.campaign.upload([lab.drop_well("a.csv", "A01")], by="bo")
    lab.inbox.joinpath("a.csv").unlink()
    assert kinds(lab) == ["round"]
    run_round(lab.campaign)
    assert kinds(lab) == []


def test_an_automatic_approval_that_death_prevented_is_due(registered: Lab) -> None:
    registered.says("approval: by_person\n")
    run_round(registered.campaign)
    assert kinds(registered) == []
    registered.says("approval: automatic\n")
    (due,) = due_things(registered.campaign.records)
    assert due.why == f"{PLATE} is to be approved by itself"
    assert run_round(registered.campaign).approved == (PLATE,)
    assert kinds(registered) == ["release"]


def test_alerts_are_due_once(lab: Lab) -> None:
    release_plate(lab.campaign, PLATE)
    lab.clock.go(days=30)
    (due,) = due_things(lab.campaign.records)
    assert (due.kind, due.plate) == ("alert", PLATE)
    raise_alerts(lab.campaign)
    assert kinds(lab) == []


def test_what_a_dead_process_left_is_due(lab: Lab) -> None:
    release_plate(lab.campaign, PLATE)
    folder = lab.inbox / "taken" / "elsewhere-12-abcdef01" / "1-0"
    folder.mkdir(parents=True)
    lab.drop_well("a.csv", "A01").rename(folder / "a.csv")
    (due,) = due_things(lab.campaign.records)
    assert due.why == "in the inbox: what a process left when it died"
    assert [one.outcome for one in ingest_inbox(lab.campaign).things] == ["recorded"]
    assert kinds(lab) == []
    assert list((lab.inbox / "taken").iterdir()) == []


def test_an_inbox_that_cannot_be_read_does_not_hide_the_other_campaigns(lab: Lab) -> None:
    lab.inbox.parent.mkdir()
    lab.inbox.write_text("a file where a folder belongs")
    found = due_things(lab.campaign.records)
    assert [one.kind for one in found] == ["release", "ingest"]
    assert "the folder cannot be read" in found[1].why


def test_only_the_campaigns_asked_for(lab: Lab) -> None:
    assert due_things(lab.campaign.records, campaigns=[]) == ()
    assert len(due_things(lab.campaign.records, campaigns=[SLUG])) == 1


def test_the_cost_does_not_grow_with_the_values(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """No question that is asked every few seconds reads values."""
    from alloop.records import Reader

    def no(*_: object, **__: object) -> None:
        raise AssertionError("values were read")

    for name in ("measurements", "wells", "samples", "campaign_wells", "campaign_predictions"):
        monkeypatch.setattr(Reader, name, no)
    assert kinds(lab) == ["release"]


def test_events_of_others_do_not_matter(lab: Lab) -> None:
    lab.says("rounds: {on_results: true}\n")
    release_plate(lab.campaign, PLATE)
    run_round(lab.campaign)
    with lab.campaign.records.writing("ada") as tx:
        tx.add_campaign("another")
        tx.add_event(EventRow(verb="upload recorded", campaign="another"))
        tx.add_event(EventRow(verb="records restored"))
    assert [one.kind for one in due_things(lab.campaign.records, campaigns=[SLUG])] == []
