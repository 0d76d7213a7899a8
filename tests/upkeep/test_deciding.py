"""Wait, plan or stop: told from states, events and the campaign file."""

from __future__ import annotations

import pytest
from upkeep_lab import PLATE, SECOND, SLUG, Lab

from alloop.upkeep import NextStep, decide_next


def step(lab: Lab) -> tuple[str, str]:
    found = decide_next(lab.campaign)
    return found.kind, found.why


def test_the_first_plate_is_planned(registered: Lab) -> None:
    assert decide_next(registered.campaign) == NextStep("plan", "no plate was planned yet")


def test_a_plate_is_waited_for_through_all_its_states(registered: Lab) -> None:
    lab, campaign = registered, registered.campaign
    campaign.plan(by="ada")
    assert decide_next(campaign) == NextStep("wait", f"{PLATE} waits for approval", PLATE)
    campaign.approve(PLATE, by="bo")
    assert step(lab) == ("wait", f"{PLATE} waits to be weighed")
    campaign.made(PLATE, by="bo")
    assert step(lab) == ("wait", f"{PLATE} is being made")
    campaign.upload([lab.drop_well("one.csv", "A01")], by="bo")
    assert step(lab) == ("wait", f"{PLATE} is being measured")
    campaign.close(PLATE, by="bo")
    assert step(lab) == ("plan", "since the last plan: plate complete by bo")


def test_nothing_new_is_no_reason_to_plan(registered: Lab) -> None:
    registered.says("rounds: {plates_ahead: 9}\n")
    campaign = registered.campaign
    campaign.plan(by="ada")
    campaign.plan(by="ada", replace=True)  # rejects one plate and proposes another: no news to itself
    campaign.approve(SECOND, by="bo")
    assert step(registered) == ("wait", f"nothing happened since {SECOND} was planned")
    campaign.cancel(SECOND, by="bo")
    assert step(registered) == ("plan", "since the last plan: plate cancelled by bo")


def test_planning_ahead_needs_news_and_the_files_word(lab: Lab) -> None:
    lab.campaign.upload([lab.drop_well("one.csv", "A01")], by="bo")
    assert step(lab)[0] == "wait"
    lab.says("rounds: {plates_ahead: 1}\n")
    assert step(lab)[0] == "plan"
    lab.campaign.plan(by="ada")
    assert step(lab) == ("wait", f"{SECOND} waits for approval")
    lab.campaign.approve(SECOND, by="bo")
    lab.campaign.upload([lab.drop_well("two.csv", "A02")], by="bo")
    assert step(lab) == ("wait", f"{PLATE} is being measured, and 1 more")


@pytest.mark.parametrize("word", ["retract", "suspect", "exclude", "upload"])
def test_what_happened_since_the_plan_is_news(lab: Lab, word: str) -> None:
    campaign = lab.campaign
    campaign.upload([lab.drop_all()], by="bo")
    lab.says("rounds: {plates_ahead: 1}\n")
    campaign.plan(by="ada")
    campaign.approve(SECOND, by="bo")
    assert step(lab) == ("wait", f"nothing happened since {SECOND} was planned")
    if word == "exclude":
        campaign.exclude("Zr", "none left", by="cy")
    elif word == "upload":
        campaign.upload([lab.drop_well("again.csv", "A01", 0.11)], by="cy")
    else:
        getattr(campaign, word)(f"{PLATE}-A01", "ionic_conductivity", "a wrong electrode", by="cy")
    kind, why = step(lab)
    assert kind == "plan"
    assert why.endswith("by cy")


def test_results_that_come_while_a_plan_is_made_are_news(lab: Lab) -> None:
    lab.campaign.upload([lab.drop_all()], by="bo")
    late = lab.drop_well("late.csv", "A01", 0.2)
    came = []

    def meanwhile(_: str) -> None:
        if not came:
            came.append(lab.campaign.upload([late], by="cy").accepted)

    lab.campaign.plan(by="ada", progress=meanwhile)
    lab.campaign.approve(SECOND, by="bo")
    assert came == [True]
    lab.says("rounds: {plates_ahead: 1}\n")  # the new version would be news by itself
    proposed = lab.events("plate proposed")[-1]
    assert proposed.details["seen"] < proposed.id
    with lab.campaign.records.reading() as reader:
        since = reader.events_since(SLUG, proposed.details["seen"], ["upload recorded"])
    assert [event.recorded_by for event in since] == ["cy"]


def test_stopping_rules_stop_when_nothing_is_waited_for(lab: Lab) -> None:
    lab.says("stopping: {max_plates: 1}\n")
    assert step(lab)[0] == "wait"
    lab.campaign.upload([lab.drop_all()], by="bo")
    assert step(lab) == ("stop", "the campaign has its 1 plates")
    lab.says("stopping: {max_plates: 2}\n")
    assert step(lab)[0] == "plan"


def test_a_small_expected_gain_stops_until_the_file_changes(lab: Lab) -> None:
    rule = "stopping: {min_gain: 1e9}\n"
    lab.says(rule)
    lab.campaign.upload([lab.drop_all()], by="bo")
    lab.campaign.plan(by="ada")
    lab.campaign.approve(SECOND, by="bo")
    lab.campaign.upload([lab.drop_all("second.csv", SECOND, 0.15)], by="bo")
    kind, why = step(lab)
    assert kind == "stop"
    assert why.startswith("the last plate was expected to add")
    lab.says(rule + "observe: [density]\n")
    assert step(lab)[0] == "plan"
