"""The YAML file a laboratory writes: read, checked and put into alloop's own types."""

from alloop.campaign_file.details import Pellet, Stopping, TargetPhase
from alloop.campaign_file.load import CampaignFile, load_campaign, parse_campaign
from alloop.campaign_file.places import all_wells, wells_named
from alloop.campaign_file.plate import Controls, PlateLayout
from alloop.campaign_file.running import AlertRules, Rounds, Running, Schedule, parse_running

__all__ = [
    "AlertRules",
    "CampaignFile",
    "Controls",
    "Pellet",
    "PlateLayout",
    "Rounds",
    "Running",
    "Schedule",
    "Stopping",
    "TargetPhase",
    "all_wells",
    "load_campaign",
    "parse_campaign",
    "parse_running",
    "wells_named",
]
