"""Schedule, approval, rounds and alerts: what they mean, and what is wrong with them."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from campaign_texts import SMALL, parse, problems_of

from alloop.campaign_file import AlertRules, Rounds, Running, Schedule, parse_running


def test_without_the_keys_nothing_runs_by_itself(tmp_path):
    assert parse(SMALL, tmp_path).running == Running(
        None, "by_person", Rounds(0, False), AlertRules(14.0, True)
    )


def test_all_keys_as_written(tmp_path):
    text = SMALL + (
        'schedule: {cron: "30 5 * * MON-FRI", timezone: Europe/Berlin}\n'
        "approval: automatic\n"
        "rounds: {plates_ahead: 2, on_results: false}\n"
        "alerts: {overdue_days: 7.5, calibration: false}\n"
    )
    expected = Running(
        Schedule("30 5 * * MON-FRI", "Europe/Berlin"), "automatic", Rounds(2, False), AlertRules(7.5, False)
    )
    assert parse(text, tmp_path).running == expected
    assert parse_running(text) == expected


def test_a_schedule_lets_results_start_rounds(tmp_path):
    assert parse(SMALL + 'schedule: "0 6 * * *"\n', tmp_path).running.rounds == Rounds(0, True)
    assert parse(SMALL + "rounds: {on_results: true}\n", tmp_path).running.rounds == Rounds(0, True)


def test_no_days_means_never_overdue(tmp_path):
    assert parse(SMALL + "alerts: {overdue_days: 0}\n", tmp_path).running.alerts == AlertRules(None, True)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("schedule: 12:30", "'12:30' is not a schedule; write minute, hour, day, month and weekday"),
        ('schedule: "0 6 * *"', "is not a schedule"),
        ('schedule: "0 0 6 * * *"', "is not a schedule"),
        ('schedule: "61 6 * * *"', "is not a schedule"),
        ('schedule: "0 25 * * *"', "is not a schedule"),
        ('schedule: "0 6 30 2 *"', "is not a schedule"),
        ('schedule: "*/0 6 * * *"', "is not a schedule"),
        ('schedule: "@daily"', "is not a schedule"),
        ("schedule: [0, 6]", "a mapping is expected here"),
        (
            'schedule: {cron: "0 6 * * *", timezone: Berlin}',
            "'Berlin' is no time zone; write such as Europe/Berlin",
        ),
        ('schedule: {cron: "0 6 * * *", timezone: ../../etc/passwd}', "is no time zone"),
        ('schedule: {cron: "0 6 * * *", zone: UTC}', "unknown key 'zone'"),
        ("schedule: {timezone: UTC}", "'cron' is missing"),
        ("approval: nobody", "'nobody' is not one of the choices; use one of by_person, automatic"),
        ("rounds: {plates_ahead: -1}", "must be at least 0"),
        ("rounds: {ahead: 1}", "unknown key 'ahead'"),
        ("rounds: {on_results: maybe}", "neither true nor false"),
        ("alerts: {overdue_days: soon}", "'soon' is not a number"),
        ("alerts: {overdue: 3}", "unknown key 'overdue'; did you mean 'overdue_days'?"),
    ],
)
def test_each_mistake_is_named_with_its_remedy(line, message, tmp_path):
    lines = problems_of(SMALL + line + "\n", tmp_path)
    assert any(message in one for one in lines), lines
    assert all(one.startswith("file.yaml, line ") for one in lines)


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("cron", "now", "latest", "following"),
    [
        ("0 6 * * *", "2026-03-02T05:59:59", "2026-03-01T06:00", "2026-03-02T06:00"),
        ("0 6 * * *", "2026-03-02T06:00:00", "2026-03-02T06:00", "2026-03-03T06:00"),
        ("0 6 * * *", "2026-03-02T06:00:00.000001", "2026-03-02T06:00", "2026-03-03T06:00"),
        ("*/15 * * * *", "2026-01-01T00:01", "2026-01-01T00:00", "2026-01-01T00:15"),
        ("0 0 29 2 *", "2027-01-01T00:00", "2024-02-29T00:00", "2028-02-29T00:00"),
        ("0 6 * * mon", "2026-03-04T00:00", "2026-03-02T06:00", "2026-03-09T06:00"),
    ],
)
def test_the_times_before_and_after(cron, now, latest, following):
    schedule = Schedule(cron, "UTC")
    assert schedule.latest(at(now)) == at(latest)
    assert schedule.following(at(now)) == at(following)


def test_times_are_meant_in_the_zone_and_given_in_utc():
    schedule = Schedule("0 6 * * *", "Asia/Tokyo")
    assert schedule.latest(at("2026-03-02T12:00")) == at("2026-03-01T21:00")
    assert schedule.latest(datetime(2026, 3, 2, 6, tzinfo=ZoneInfo("Asia/Tokyo"))) == at("2026-03-01T21:00")


def test_the_change_to_summer_time_loses_no_time_and_doubles_none():
    schedule = Schedule("30 2 * * *", "Europe/Berlin")  # 2026-03-29 has no 02:30, 2026-10-25 has two
    for day in ("2026-03-29", "2026-10-25"):
        noon = at(f"{day}T12:00")
        found = schedule.latest(noon)
        assert found.date() == noon.date()
        following = schedule.following(found)
        assert (following - found).total_seconds() > 22 * 3600
        assert schedule.latest(following) == following


def test_the_machines_own_zone_without_a_name(monkeypatch):
    import tzlocal

    monkeypatch.setenv("TZ", "America/New_York")
    tzlocal.reload_localzone()
    try:
        assert Schedule("0 6 * * *").latest(at("2026-01-02T12:00")) == at("2026-01-02T11:00")
    finally:
        monkeypatch.undo()
        tzlocal.reload_localzone()
