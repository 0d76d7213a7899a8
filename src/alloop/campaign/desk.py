"""A campaign as its verbs need it: the records, and the newest version of its file."""

from __future__ import annotations

import difflib
import os
from dataclasses import dataclass
from pathlib import Path

from alloop.campaign.home import plate_folder, version_folder
from alloop.campaign_file import CampaignFile, parse_campaign
from alloop.errors import StateError
from alloop.ingest import ResultsContext, conditions_of
from alloop.instruments import UNKNOWN_SIZE, Geometry
from alloop.records import PlateRow, Records, VersionRow
from alloop.space import Space
from alloop.whole_files import write_whole


@dataclass(frozen=True, eq=False)
class Desk:
    """The records of a home and one campaign in them, with the version of its file that holds now."""

    records: Records
    slug: str
    version: VersionRow
    file: CampaignFile

    @property
    def space(self) -> Space:
        """The design space of the version."""
        return self.file.space

    def folder(self, plate: str) -> Path:
        """Where the files of a plate lie."""
        return plate_folder(self.records.home, plate)

    def file_of(self, plate: PlateRow) -> CampaignFile:
        """The version of the campaign file from which a plate was planned."""
        if plate.version == self.version.number:
            return self.file
        return version_file(self.records, self.records.versions(self.slug)[plate.version - 1])

    def plate(self, text: str) -> PlateRow:
        """A plate of this campaign by its name or its number.

        Raises:
            StateError: when the campaign has no such plate.
        """
        plates = self.records.plates(self.slug)
        wanted = text.strip().upper()
        for plate in plates:
            if wanted in (plate.id, str(plate.number)):
                return plate
        near = difflib.get_close_matches(wanted, [plate.id for plate in plates], n=1, cutoff=0.6)
        mend = f"did you mean {near[0]}?" if near else "alloop status lists the plates"
        raise StateError(f"campaign {self.slug} has no such plate", mend, f"plate {text}")


def open_desk(records: Records, campaign: str) -> Desk:
    """The campaign of that name with the newest version of its file.

    Raises:
        StateError: when there is no such campaign.
    """
    slug = find_campaign(records, campaign)
    version = records.versions(slug)[-1]
    return Desk(records, slug, version, version_file(records, version))


def desk_of_plate(records: Records, plate: str) -> Desk:
    """The campaign to which a plate belongs.

    Raises:
        StateError: when there is no such plate.
    """
    return open_desk(records, records.plate(plate.strip()).campaign)


def find_campaign(records: Records, text: str) -> str:
    """The slug of the campaign that `text` names, whatever its capitals.

    Raises:
        StateError: when there is none, with the nearest name.
    """
    slugs = [row.slug for row in records.campaigns()]
    wanted = text.strip().lower()
    if wanted in slugs:
        return wanted
    if wanted.endswith((".yaml", ".yml")):
        mend = f"give the campaign's name, such as {slugs[0]}" if slugs else f"run alloop init {text}"
        raise StateError("this is a file, not the name of a campaign", mend, text)
    near = difflib.get_close_matches(wanted, slugs, n=1, cutoff=0.5)
    known = f"did you mean {near[0]}?" if near else f"known are {', '.join(slugs)}" if slugs else ""
    raise StateError(
        "there is no such campaign", known or "register it with alloop init FILE", f"campaign {text}"
    )


def version_file(records: Records, version: VersionRow) -> CampaignFile:
    """A version of a campaign's file as it was recorded; its tables are put where the file expects them."""
    folder = version_folder(records.home, version.campaign, version.number)
    climbs = max((Path(name).parts.count("..") for name in version.files), default=0)
    base = folder.joinpath(*["files"] * climbs)
    if version.files:
        base.mkdir(parents=True, exist_ok=True)  # a name that climbs out of it needs the folder to be there
    for name, sha256 in version.files.items():
        target = Path(os.path.normpath(base / name))
        if target.is_relative_to(os.path.normpath(folder)):
            _put(target, records.raw_file(sha256))
    name = Path(version.path).name or f"{version.campaign}.yaml"
    return parse_campaign(version.text, base, name, complete=False)


def _put(target: Path, content: bytes) -> None:
    if target.is_file() and target.read_bytes() == content:
        return
    write_whole(target, content)


def table_context(file: CampaignFile) -> ResultsContext:
    """What a table of the campaign is read against, as far as its file says; samples and plates are added later."""
    target, pellet = file.target_phase, file.pellet
    return ResultsContext(
        campaign=file.slug,
        settings=file.space.process.settings,
        mobile_ion=file.mobile_ion,
        conditions=conditions_of((*file.objectives, *file.constraints)),
        target_phases=target.names if target else (),
        amorphous_target=bool(target and target.amorphous),
        references=target.references if target else None,
        pellet=Geometry(pellet.thickness_mm, pellet.area_cm2) if pellet else UNKNOWN_SIZE,
    )
