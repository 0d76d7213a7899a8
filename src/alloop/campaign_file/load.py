"""From the text of a campaign file to a checked campaign."""

from __future__ import annotations

import hashlib
import pathlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from alloop.campaign_file.aims import read_constraints, read_objectives, read_observed
from alloop.campaign_file.details import (
    Pellet,
    Stopping,
    TargetPhase,
    find_literature,
    read_aim,
    read_pellet,
    read_stopping,
    read_target_phase,
)
from alloop.campaign_file.models import TopModel
from alloop.campaign_file.plate import PlateLayout, read_plate
from alloop.campaign_file.precursors import read_shelf
from alloop.campaign_file.process import check_observed
from alloop.campaign_file.report import Report
from alloop.campaign_file.roles import fill_role
from alloop.campaign_file.running import Running, read_running
from alloop.campaign_file.space_checks import check_space
from alloop.campaign_file.space_parts import read_space
from alloop.campaign_file.wishes import read_best_share, read_map
from alloop.campaign_file.yaml_reader import MAX_CHARACTERS, read_yaml
from alloop.chemistry.shelf import Shelf
from alloop.errors import CampaignFileError
from alloop.planning.aims import Constraint, MapGoal, Objective
from alloop.space import Setting, Space


@dataclass(frozen=True, eq=False)
class CampaignFile:
    """Everything a laboratory wrote, checked and in the types the rest of alloop works with.

    `name` is the file's name and `base` the folder that its paths are relative to. `text` is the file as
    written and `sha256` the hash of its UTF-8 bytes. `pool_table` is the table of a pool, None for other spaces;
    `pool_columns` are the headings that it names.
    `running` is how the campaign goes on without a person.
    `role_says` are lines on what the file's role filled in, `warnings` lines a person should read.
    """

    name: str
    base: pathlib.Path
    text: str = field(repr=False)
    sha256: str
    slug: str
    title: str
    mobile_ion: str
    atmosphere: Literal["air", "inert"]
    target_phase: TargetPhase | None
    shelf: Shelf | None = field(repr=False)
    objectives: tuple[Objective, ...]
    constraints: tuple[Constraint, ...]
    observe: tuple[str, ...]
    plate: PlateLayout
    aim: Mapping[str, float]
    stopping: Stopping
    map_goal: MapGoal | None
    best_share: float
    role_says: tuple[str, ...]
    pellet: Pellet | None
    literature: tuple[pathlib.Path, ...]
    pool_table: pathlib.Path | None
    pool_columns: Mapping[str, str]
    running: Running
    device: str
    screen_up_to: int | None
    settings: tuple[Setting, ...]
    warnings: tuple[str, ...]
    build_space: Callable[[], Space] = field(repr=False)

    @property
    def space(self) -> Space:
        """The design space, built when it is first asked for.

        Raises:
            CampaignFileError: when the file has no space or a pool's table cannot be used.
            SpaceError: when the space is empty or too large to count.
        """
        return self.build_space()


def load_campaign(path: pathlib.Path, complete: bool = True) -> CampaignFile:
    """Read the campaign file at `path`; tables and folders it names are relative to its own folder.

    Args:
        path: the YAML file.
        complete: check also what lies outside the text: that literature tables exist, that the space can be
            built and is not empty, and that it holds the controls.

    Raises:
        CampaignFileError: with every problem, each naming file, line and path in the file.
    """
    try:
        with path.open("rb") as stream:
            content = stream.read(4 * MAX_CHARACTERS + 1)
    except FileNotFoundError:
        raise CampaignFileError("there is no such file", "check the path", str(path)) from None
    except IsADirectoryError:
        raise CampaignFileError("this is a folder", "give the campaign file in it", str(path)) from None
    except OSError as error:
        raise CampaignFileError(f"the file cannot be read: {error.strerror}", where=str(path)) from error
    return parse_campaign(_decode(content, path.name), path.parent, path.name, complete)


def parse_campaign(
    text: str, base: pathlib.Path, name: str = "campaign file", complete: bool = True
) -> CampaignFile:
    """Read the text of a campaign file, such as a version kept in the records.

    Args:
        text: the YAML.
        base: the folder that paths in it are relative to.
        name: what to call the file in messages.
        complete: as for :func:`load_campaign`.

    Raises:
        CampaignFileError: with every problem, each naming file, line and path in the file.
    """
    report = Report(read_yaml(text, name))
    top = report.section(TopModel, ()) or TopModel()
    if not report.has(("campaign",)):
        report.say(
            ("campaign",), "'campaign' is missing", "add a short name, such as 'campaign: halide-spinel'"
        )
    role_says = fill_role(report, top.role)
    if role_says:
        top = report.section(TopModel, ()) or top
        if top.mobile_ion is not None and top.mobile_ion.symbol != "Li+":
            what = f"the values of a role are those of lithium cells, and {top.mobile_ion.symbol} moves here"
            report.warn(("role",), what, "state objectives and constraints of your own")
    atmosphere = top.atmosphere
    shelf = read_shelf(report, atmosphere)
    parts = read_space(
        report, shelf, base, None if top.mobile_ion is None else top.mobile_ion.symbol, complete
    )
    objectives = read_objectives(report, shelf)
    constraints = read_constraints(report, shelf)
    observe = read_observed(report, top.observe, objectives, constraints)
    modelled = {*observe, *(aim.property for aim in objectives), *(limit.property for limit in constraints)}
    check_observed(report, parts.settings, modelled)
    plate = read_plate(report, parts.settings, shelf)
    target_phase, pellet = read_target_phase(report, base), read_pellet(report)
    aim = read_aim(report, len(objectives))
    stopping = read_stopping(report, objectives, aim)
    best_share = read_best_share(report, objectives)
    names = {*parts.members, *(one.name for one in parts.settings if one.is_numeric)}
    map_goal = read_map(
        report, (*objectives, *constraints), observe, names if parts.members else (), "map" in aim
    )
    literature = find_literature(report, top.literature, base, complete)
    running = read_running(report, top)
    if complete:
        check_space(report, parts, plate.controls, shelf)
    report.raise_problems()
    assert top.campaign is not None
    return CampaignFile(
        name=name,
        base=base,
        text=text,
        sha256=hashlib.sha256(text.encode()).hexdigest(),
        slug=top.campaign,
        title=top.title or top.campaign,
        mobile_ion=parts.mobile_ion,
        atmosphere=atmosphere,
        target_phase=target_phase,
        shelf=shelf,
        objectives=objectives,
        constraints=constraints,
        observe=observe,
        plate=plate,
        aim=aim,
        stopping=stopping,
        map_goal=map_goal,
        best_share=best_share,
        role_says=role_says,
        pellet=pellet,
        literature=literature,
        pool_table=parts.table,
        pool_columns=parts.pool_columns,
        running=running,
        device=top.device,
        screen_up_to=top.screen_up_to,
        settings=parts.settings,
        warnings=tuple(report.warnings),
        build_space=parts.build,
    )


def _decode(content: bytes, name: str) -> str:
    mend = "give the campaign file, saved as UTF-8 text"
    if len(content) > 4 * MAX_CHARACTERS:
        raise CampaignFileError("the file is far too large to be a campaign file", mend, name)
    for start, kind in ((b"%PDF", "a PDF"), (b"PK\x03\x04", "a zip archive or an Office document")):
        if content.startswith(start):
            raise CampaignFileError(f"this is {kind}, not a campaign file", mend, name)
    encoding = "utf-16" if content[:2] in (b"\xff\xfe", b"\xfe\xff") else "utf-8-sig"
    try:
        return content.decode(encoding)
    except UnicodeDecodeError:
        raise CampaignFileError("this is not UTF-8 text", mend, name) from None
