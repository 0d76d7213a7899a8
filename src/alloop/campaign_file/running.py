"""How a campaign runs by itself: schedule, approval, rounds and alerts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Literal
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError
from tzlocal import get_localzone

from alloop.campaign_file.models import AlertsModel, RoundsModel, ScheduleModel, TopModel
from alloop.campaign_file.report import Report
from alloop.campaign_file.yaml_reader import Path, read_yaml

Approval = Literal["by_person", "automatic"]

_FIELDS = 5
_ANY_TIME = datetime(2000, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Schedule:
    """When scheduled rounds run: the five fields of cron, in a time zone (None: the machine's own)."""

    cron: str
    timezone: str | None = None

    @property
    def zone(self) -> tzinfo:
        """The time zone in which the fields are meant."""
        return get_localzone() if self.timezone is None else ZoneInfo(self.timezone)

    def latest(self, now: datetime) -> datetime:
        """The newest scheduled time that is not after `now` (timezone-aware), in UTC."""
        ahead = now + timedelta(seconds=1)  # of whole seconds the search begins one before the one given
        for found in CronSim(self.cron, ahead.astimezone(self.zone).replace(microsecond=0), reverse=True):
            time = found.astimezone(UTC)
            if time <= now:  # a time that a change of the clocks leaves out is moved behind it
                return time
        raise ValueError(f"{self.cron!r} never was")

    def following(self, now: datetime) -> datetime:
        """The first scheduled time after `now` (timezone-aware), in UTC."""
        for found in CronSim(self.cron, now.astimezone(self.zone)):
            time = found.astimezone(UTC)
            if time > now:
                return time
        raise ValueError(f"{self.cron!r} never comes")


@dataclass(frozen=True)
class Rounds:
    """When a round plans: with at most `plates_ahead` plates still being made or measured.

    `on_results` says whether results, decisions and files in the inbox start a round, not only the schedule.
    """

    plates_ahead: int = 0
    on_results: bool = False


@dataclass(frozen=True)
class AlertRules:
    """What a person is told of: plates without news for so many days (None: never), lost calibration."""

    overdue_days: float | None = 14.0
    calibration: bool = True


@dataclass(frozen=True)
class Running:
    """Everything in a campaign file that says how the campaign runs without a person."""

    schedule: Schedule | None = None
    approval: Approval = "by_person"
    rounds: Rounds = Rounds()
    alerts: AlertRules = AlertRules()


def read_running(report: Report, top: TopModel) -> Running:
    """Schedule, approval, rounds and alerts; by themselves they plan, approve and tell nothing but alerts."""
    schedule = _read_schedule(report)
    return Running(schedule, top.approval, _read_rounds(report, schedule), _read_alerts(report))


def parse_running(text: str, name: str = "campaign file") -> Running:
    """The same from a text that is known to be right, without reading the rest of it.

    Raises:
        CampaignFileError: when what it reads is wrong after all.
    """
    report = Report(read_yaml(text, name))
    running = read_running(report, report.section(TopModel, ()) or TopModel())
    report.raise_problems()
    return running


def _read_schedule(report: Report) -> Schedule | None:
    place: Path = ("schedule",)
    if not report.has(place):
        return None
    model = report.section(ScheduleModel, place, short="cron")
    if model is None or not _is_cron(model.cron):
        if model is not None:
            mend = 'write minute, hour, day, month and weekday: "0 6 * * *" is every day at six'
            report.say(place, f"{model.cron!r} is not a schedule", mend)
        return None
    if model.timezone is not None:
        try:
            ZoneInfo(model.timezone)
        except (KeyError, ValueError, OSError):  # a name that is not known, or none that could be
            what, mend = f"{model.timezone!r} is no time zone", "write such as Europe/Berlin or UTC"
            report.say((*place, "timezone"), what, mend)
    return Schedule(model.cron, model.timezone)


def _is_cron(text: str) -> bool:
    """Whether a text has the five fields of cron and a time at which it comes."""
    if len(text.split()) != _FIELDS:
        return False
    try:
        return next(CronSim(text, _ANY_TIME), None) is not None
    except CronSimError:
        return False


def _read_rounds(report: Report, schedule: Schedule | None) -> Rounds:
    usual = Rounds(on_results=schedule is not None)
    model = report.section(RoundsModel, ("rounds",)) if report.has(("rounds",)) else None
    if model is None:
        return usual
    return Rounds(model.plates_ahead, usual.on_results if model.on_results is None else model.on_results)


def _read_alerts(report: Report) -> AlertRules:
    model = report.section(AlertsModel, ("alerts",)) if report.has(("alerts",)) else None
    if model is None:
        return AlertRules()
    days = None if model.overdue_days == 0 else model.overdue_days
    return AlertRules(days, model.calibration)


__all__ = ["AlertRules", "Approval", "Rounds", "Running", "Schedule", "parse_running", "read_running"]
