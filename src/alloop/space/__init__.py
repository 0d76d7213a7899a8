"""What may be made: the campaign's design space, counted exactly and never held in memory."""

from alloop.space.base import Space, SpaceSummary
from alloop.space.definition import (
    AmountLimit,
    Compensation,
    DistinctLimit,
    EndMember,
    Limits,
    Mixture,
    PoolRow,
    Site,
    Substituent,
)
from alloop.space.features import FeatureMap
from alloop.space.mixtures import MixtureSpace
from alloop.space.pools import PoolSpace
from alloop.space.process import Process, Setting
from alloop.space.sites import SiteSpace
from alloop.space.types import Block, Candidate, Column, Level

__all__ = [
    "AmountLimit",
    "Block",
    "Candidate",
    "Column",
    "Compensation",
    "DistinctLimit",
    "EndMember",
    "FeatureMap",
    "Level",
    "Limits",
    "Mixture",
    "MixtureSpace",
    "PoolRow",
    "PoolSpace",
    "Process",
    "Setting",
    "Site",
    "SiteSpace",
    "Space",
    "SpaceSummary",
    "Substituent",
]
