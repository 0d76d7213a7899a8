"""Alerts tell what stands, each once."""

from __future__ import annotations

import logging

import pytest
from campaign_shell import WELLS, wide
from upkeep_lab import PLATE, SECOND, Lab

from alloop.errors import PlanError
from alloop.upkeep import find_alerts, ingest_inbox, raise_alerts, run_round, scoring


def whats(lab: Lab) -> list[str]:
    return [one.what for one in find_alerts(lab.campaign)]


def test_nothing_stands_in_a_fresh_campaign(lab: Lab) -> None:
    assert find_alerts(lab.campaign) == ()
    assert raise_alerts(lab.campaign) == ()


def test_an_overdue_plate_is_told_once_in_each_state(lab: Lab, caplog: pytest.LogCaptureFixture) -> None:
    lab.clock.go(days=13.9)
    assert whats(lab) == []
    lab.clock.go(days=0.2)
    with caplog.at_level(logging.WARNING, "alloop"):
        (told,) = raise_alerts(lab.campaign, by="night")
    assert (told.kind, told.plate, told.is_new) == ("overdue", PLATE, True)
    assert told.what == f"{PLATE} waits to be weighed and nothing was heard of it for 14 days"
    assert told.what in caplog.text
    assert raise_alerts(lab.campaign) == ()
    assert [one.is_new for one in find_alerts(lab.campaign)] == [False]
    (event,) = lab.events("alert")
    assert (event.plate, event.subject, event.recorded_by) == (PLATE, told.occasion, "night")
    lab.campaign.made(PLATE, by="bo")
    assert whats(lab) == []
    lab.clock.go(days=15)
    assert whats(lab) == [f"{PLATE} is being made and nothing was heard of it for 15 days"]


def test_a_result_is_a_sign_of_life(lab: Lab) -> None:
    for days, well in ((10, "A01"), (10, "A02"), (10, "A03")):
        lab.clock.go(days=days)
        lab.campaign.upload([lab.drop_well(f"{well}.csv", well)], by="bo")
        (lab.inbox / f"{well}.csv").unlink()
        assert whats(lab) == []
    lab.clock.go(days=15)
    assert whats(lab) == [f"{PLATE} is being measured and nothing was heard of it for 15 days"]


def test_how_long_is_the_files_choice_and_a_clock_set_back_tells_nothing(lab: Lab) -> None:
    lab.says("alerts: {overdue_days: 0.5}\n")
    lab.clock.go(days=1)
    assert len(whats(lab)) == 1
    lab.says("alerts: {overdue_days: 0}\n")
    assert whats(lab) == []
    lab.says("alerts: {overdue_days: 0.5}\n")
    lab.clock.go(days=-700)
    assert whats(lab) == []


def test_refused_things_are_told_with_their_reason_and_again_when_there_are_more(lab: Lab) -> None:
    lab.drop("bad.csv", "sample,ionic_conductivity [mS/cm]\nNOBODY-001-A01,3\n")
    ingest_inbox(lab.campaign)
    (told,) = raise_alerts(lab.campaign)
    assert told.kind == "inbox"
    assert told.what.startswith(
        "a thing of the inbox could not be recorded; the newest is bad: bad.csv, row 2"
    )
    assert raise_alerts(lab.campaign) == ()
    lab.drop("worse.csv", "sample,ionic_conductivity [mS/cm]\nNOBODY-001-A02,3\n")
    ingest_inbox(lab.campaign)
    (told,) = raise_alerts(lab.campaign)
    assert told.what.startswith("2 things of the inbox could not be recorded; the newest is worse: ")


def test_a_failed_round_is_told_until_one_succeeds(registered: Lab) -> None:
    registered.campaign.exclude("Cl", "none left", by="ada")
    with pytest.raises(PlanError):
        run_round(registered.campaign)
    (told,) = find_alerts(registered.campaign)
    assert (told.kind, told.mend) == ("round", "mend it, then: alloop round small-spinel")
    registered.campaign.exclude("Cl", "there is more", lift=True, by="ada")
    assert run_round(registered.campaign).plate == PLATE
    assert whats(registered) == []


def test_lost_calibration_is_told_with_its_share(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    from alloop.upkeep import alerts

    monkeypatch.setattr(alerts, "FEWEST_VALUES", 8)
    lab.campaign.upload([lab.drop_all()], by="bo")
    lab.campaign.plan(by="ada")
    lab.campaign.approve(SECOND, by="bo")
    assert whats(lab) == []
    far = {well: (1e-9 if n % 2 else 900, 90, "ok") for n, well in enumerate(WELLS)}
    report = lab.campaign.upload([lab.drop("far.csv", wide(SECOND, far))], by="bo", as_labelled=True)
    assert report.accepted, report.problems
    newest = scoring.score_newest(lab.campaign)
    assert newest.plates == (PLATE, SECOND)
    about = f"calibration ionic_conductivity {SECOND}"
    (told,) = [one for one in find_alerts(lab.campaign) if one.occasion == about]
    assert told.plate == SECOND
    score = newest.scores["ionic_conductivity"]
    inside = round(score.coverage90 * score.n)
    assert (
        told.what == f"the 90 % intervals of ionic_conductivity held {inside} of the {score.n} newest values"
    )
    assert inside / score.n < 0.7
    lab.says("alerts: {calibration: false}\n")
    assert whats(lab) == []


def test_the_newest_values_are_scored_as_status_scores_them(lab: Lab) -> None:
    lab.campaign.upload([lab.drop_all()], by="bo")
    newest = scoring.score_newest(lab.campaign)
    trust = lab.campaign.status().trust
    assert set(newest.scores) == {name for name, one in trust.items() if one.n}
    for name, score in newest.scores.items():
        assert (score.n, round(score.coverage90, 4)) == (trust[name].n, trust[name].coverage90)
