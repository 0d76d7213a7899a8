"""The one object that ties everything together: what commands, notebooks, pages and flows call."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from alloop.campaign.decisions import Decision, approve, decide
from alloop.campaign.desk import Desk, desk_of_plate, open_desk
from alloop.campaign.editing import Swap, exclude, lock, read_settings, swap
from alloop.campaign.home import database_url as database_url_of
from alloop.campaign.home import home_folder, open_records, person
from alloop.campaign.making import Made, made
from alloop.campaign.own_models import Supplied
from alloop.campaign.planned_plate import Plate
from alloop.campaign.planning_round import Progress, Strategy, plan_plates
from alloop.campaign.rederiving import Rederived, rederive
from alloop.campaign.registration import Registration, register
from alloop.campaign.results import UploadReport, doubt, upload
from alloop.campaign.status import status_of
from alloop.campaign.told_status import Status
from alloop.records import ExclusionRow, MeasurementRow, Records, WellRow, split_sample_id
from alloop.runner import Runner

if TYPE_CHECKING:
    from alloop.campaign_file import CampaignFile
    from alloop.space import Space


class Campaign:
    """A campaign, from its file to its last result. Open one with :meth:`Campaign.open`.

    Methods that change something take `by`, the person who does it (the login name by default), and `dry_run`,
    which checks everything and keeps nothing. They raise the errors of :mod:`alloop.errors`.
    """

    def __init__(self, records: Records, slug: str) -> None:
        self.records = records
        self._held = open_desk(records, slug)

    @classmethod
    def open(
        cls,
        source: str | Path,
        home: str | Path | None = None,
        *,
        by: str | None = None,
        database_url: str | None = None,
    ) -> Campaign:
        """Open a campaign.

        Args:
            source: a campaign file, which is registered (or becomes a new version) if it is not yet, or the name
                of a registered campaign.
            home: the folder of database, raw files and plates; by default the environment's ALLOOP_HOME, else
                ./alloop-data. It is made when a file is opened.
            by: who registers the file.
            database_url: a PostgreSQL database instead of the embedded one; by default the environment's
                ALLOOP_DATABASE_URL. "sqlite" is the embedded one, whatever the environment says.

        Raises:
            CampaignFileError: with everything that is wrong with the file.
            StateError: when there is no such campaign.
        """
        path = Path(source)
        if path.suffix.lower() in (".yaml", ".yml") or path.is_file():
            slug = cls.init(path, home, by=by, database_url=database_url).campaign
            return cls(open_records(home, database_url), slug)
        return cls(open_records(home, database_url), str(source))

    @classmethod
    def init(
        cls,
        path: str | Path,
        home: str | Path | None = None,
        *,
        by: str | None = None,
        database_url: str | None = None,
        dry_run: bool = False,
    ) -> Registration:
        """Register a campaign file or a new version of it, with its literature; the home is made if need be."""
        return register(Path(path), home_folder(home), database_url_of(database_url), person(by), dry_run)

    @property
    def name(self) -> str:
        """The campaign's name."""
        return self._held.slug

    @property
    def file(self) -> CampaignFile:
        """The newest version of the campaign file."""
        return self.desk.file

    @property
    def space(self) -> Space:
        """The design space."""
        return self.desk.space

    @property
    def desk(self) -> Desk:
        """Records and newest campaign file, as the functions behind these methods take them."""
        if self.records.versions(self._held.slug)[-1].number != self._held.version.number:
            self._held = open_desk(self.records, self._held.slug)
        return self._held

    def plan(
        self,
        seed: int | None = None,
        *,
        wells: int | str | None = None,
        replace: bool = False,
        another: bool = False,
        settings: Mapping[str, Any] | None = None,
        out: str | Path | None = None,
        by: str | None = None,
        dry_run: bool = False,
        progress: Progress | None = None,
        strategy: Strategy = "alloop",
        models: Supplied | None = None,
        runner: Runner | None = None,
    ) -> Plate:
        """Propose the next plate; an open proposal is shown again. See :func:`plan_plates`.

        `models` are used instead of alloop's own: by property a `PropertyModel`, a learner such as
        `from_botorch(fit)`, or a fitted BoTorch model; see docs/botorch.md. `runner` computes: `open_runner` of
        `alloop.runner` gives one; docs/scale_out.md.
        """
        options: dict[str, Any] = {
            "seed": seed,
            "wells": wells,
            "replace": replace,
            "another": another,
            "settings": settings,
        }
        options |= {"out": out, "by": by, "dry_run": dry_run, "progress": progress, "strategy": strategy}
        options |= {"models": models, "runner": runner}
        return self.plan_plates(1, **options)[-1]

    def plan_plates(
        self,
        plates: int,
        *,
        replace: bool = False,
        settings: Mapping[str, Any] | None = None,
        out: str | Path | None = None,
        by: str | None = None,
        **options: Any,
    ) -> list[Plate]:
        """Propose several plates at once, each knowing the others; all are kept or none.

        `options` are those of :meth:`plan`.
        """
        fixed = read_settings(self.space, {name: str(value) for name, value in (settings or {}).items()})
        planned = plan_plates(
            self.desk,
            person(by),
            plates=plates,
            replace_open=replace,
            settings=fixed,
            out=None if out is None else Path(out),
            **options,
        )
        return [Plate(one) for one in planned]

    def approve(self, plate: str, *, by: str | None = None, dry_run: bool = False) -> Decision:
        """Release a proposal: samples are named, synthesis sheets written."""
        return approve(self.desk, plate, person(by), dry_run)

    def reject(self, plate: str, why: str, *, by: str | None = None, dry_run: bool = False) -> Decision:
        """Turn a proposal down."""
        return decide(self.desk, plate, "rejected", person(by), why, dry_run, needs_why=True)

    def cancel(self, plate: str, why: str = "", *, by: str | None = None, dry_run: bool = False) -> Decision:
        """Give up a plate that has no results."""
        return decide(self.desk, plate, "cancelled", person(by), why, dry_run)

    def close(self, plate: str, why: str = "", *, by: str | None = None, dry_run: bool = False) -> Decision:
        """Say that no more results of a plate will come."""
        return decide(self.desk, plate, "complete", person(by), why, dry_run)

    def swap(
        self,
        plate: str,
        well: str,
        composition: str,
        *,
        settings: Mapping[str, Any] | None = None,
        why: str = "",
        by: str | None = None,
        dry_run: bool = False,
    ) -> Swap:
        """Put another candidate (a formula or key) into a well of a proposal."""
        texts = {name: str(value) for name, value in (settings or {}).items()}
        return swap(self.desk, plate, well, composition, person(by), texts, why, dry_run)

    def lock(
        self, plate: str, well: str, *, unlock: bool = False, by: str | None = None, dry_run: bool = False
    ) -> WellRow:
        """Keep a well of a proposal when the plate is planned anew."""
        return lock(self.desk, plate, well, person(by), unlock, dry_run)

    def exclude(
        self, target: str, why: str, *, lift: bool = False, by: str | None = None, dry_run: bool = False
    ) -> ExclusionRow:
        """Leave an element or a candidate (by key) out of later plans."""
        return exclude(self.desk, target, why, person(by), lift, dry_run)

    def made(
        self, plate: str, path: str | Path | None = None, *, by: str | None = None, dry_run: bool = False
    ) -> Made:
        """Record that a plate is being made, and as-weighed masses and actual settings from a table."""
        return made(self.desk, plate, person(by), None if path is None else Path(path), dry_run)

    def upload(
        self,
        paths: Sequence[str | Path],
        *,
        note: str = "",
        by: str | None = None,
        dry_run: bool = False,
        as_labelled: bool = False,
        arranged: Mapping[str, str] | None = None,
        progress: Progress | None = None,
    ) -> UploadReport:
        """Record results, whole or not at all; the report says which, and everything that is wrong.

        `paths` are tables, instrument files, folders and zip archives of them; see `alloop.campaign.results.upload`.
        """
        places = [Path(path) for path in paths]
        return upload(self.desk, places, person(by), note, dry_run, as_labelled, arranged, progress)

    def rederive(
        self,
        *,
        by: str | None = None,
        dry_run: bool = False,
        progress: Progress | None = None,
        runner: Runner | None = None,
    ) -> Rederived:
        """Derive the values of all instrument files again by the code as it is now; says what changed."""
        return rederive(self.desk, person(by), dry_run, progress, runner)

    def retract(self, sample: str, property: str, why: str, **rest: Any) -> list[MeasurementRow]:
        """Say that the values of a property of a sample are wrong. They stay recorded and no longer count."""
        return self._doubt(sample, property, "retracted", why, **rest)

    def suspect(self, sample: str, property: str, why: str, **rest: Any) -> list[MeasurementRow]:
        """Say that the values of a property of a sample are doubtful; they do not count until trusted again."""
        return self._doubt(sample, property, "suspect", why, **rest)

    def trust(self, sample: str, property: str, why: str, **rest: Any) -> list[MeasurementRow]:
        """Take a doubt back."""
        return self._doubt(sample, property, "ok", why, **rest)

    def _doubt(
        self, sample: str, name: str, verdict: Any, why: str, by: str | None = None, dry_run: bool = False
    ) -> list[MeasurementRow]:
        plate = split_sample_id(sample)[0]
        self.desk.plate(plate)
        return doubt(self.records, sample, name, verdict, why, person(by), dry_run)

    def status(self) -> Status:
        """Plates, what is pending, the best so far, trust in the model, what to do next."""
        return status_of(self.desk)

    def export(self, folder: str | Path) -> tuple[Path, ...]:
        """Write all records as parquet and CSV with a data dictionary; returns the files."""
        return self.records.export(self.name, folder)


def campaign_of_plate(records: Records, plate: str) -> Campaign:
    """The campaign to which a plate belongs."""
    return Campaign(records, desk_of_plate(records, plate).slug)


def campaign_of_sample(records: Records, sample: str) -> Campaign:
    """The campaign to which a sample belongs."""
    return campaign_of_plate(records, split_sample_id(sample)[0])


__all__ = ["Campaign", "Plate", "campaign_of_plate", "campaign_of_sample"]
