"""What keeps a campaign going without a person: inbox, rounds, releases, alerts, and what is due."""

from alloop.upkeep.alerts import Alert, find_alerts, raise_alerts
from alloop.upkeep.deciding import NextStep, decide_next
from alloop.upkeep.due import Due, due_things
from alloop.upkeep.ingesting import IngestReport, Thing, ingest_inbox
from alloop.upkeep.releasing import Release, release_plate
from alloop.upkeep.rounds import RoundReport, run_round

__all__ = [
    "Alert",
    "Due",
    "IngestReport",
    "NextStep",
    "Release",
    "RoundReport",
    "Thing",
    "decide_next",
    "due_things",
    "find_alerts",
    "ingest_inbox",
    "raise_alerts",
    "release_plate",
    "run_round",
]
