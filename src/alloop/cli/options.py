"""Options that many commands share, and where the records are."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from alloop.campaign import Campaign
    from alloop.records import Records

By = Annotated[
    str | None, typer.Option("--by", metavar="NAME", help="Who does it; by default the login name.")
]
DryRun = Annotated[bool, typer.Option("--dry-run", help="Check everything, keep nothing.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON document and nothing else.")]
Why = Annotated[str, typer.Option("--why", metavar="TEXT", help="The reason, for the audit.")]
CampaignName = Annotated[str, typer.Argument(metavar="CAMPAIGN", help="Name of a registered campaign.")]
PlateName = Annotated[
    str, typer.Argument(metavar="PLATE", help="Name of a plate, such as HALIDE-SPINEL-003.")
]
Settings = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="NAME=VALUE", help="A process setting; may be given several times."),
]

RunnerName = Annotated[
    str | None,
    typer.Option(
        "--runner",
        metavar="RUNNER",
        envvar="ALLOOP_RUNNER",
        help="Who computes: threads (default), processes[:N], dask[:N], dask://HOST:PORT; docs/scale_out.md.",
    ),
]


@dataclass
class Place:
    """What was said before the command: where the home folder is, and whether tracebacks are wanted."""

    home: Path | None = None
    debug: bool = False


PLACE = Place()


def records() -> Records:
    """The records of the home folder.

    Raises:
        StateError: when there are none: only init and demo make them.
    """
    from alloop.campaign.home import open_records

    return open_records(PLACE.home)


def campaign(name: str) -> Campaign:
    """A registered campaign."""
    from alloop.campaign import Campaign

    return Campaign(records(), name)


def campaign_of_plate(plate: str) -> Campaign:
    """The campaign that a plate belongs to."""
    from alloop.campaign.facade import campaign_of_plate as find

    return find(records(), plate)


def campaign_of_sample(sample: str) -> Campaign:
    """The campaign that a sample belongs to."""
    from alloop.campaign.facade import campaign_of_sample as find

    return find(records(), sample)


def pairs(texts: list[str] | None, option: str = "--set") -> dict[str, str]:
    """`NAME=VALUE` options as a mapping.

    Raises:
        StateError: for one without an equals sign.
    """
    from alloop.errors import Problem, StateError

    found, problems = {}, []
    for text in texts or []:
        name, sign, value = text.partition("=")
        if not sign or not name.strip():
            problems.append(Problem(option, f"{text!r} is not NAME=VALUE", "write such as milling_time=5"))
        found[name.strip()] = value.strip()
    if problems:
        raise StateError(problems)
    return found
