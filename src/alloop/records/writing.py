"""The writing side: campaigns, plates, wells and samples, each change with its line in the audit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import sqlalchemy as sa

from alloop.errors import OutdatedError, StateError
from alloop.records import rows, schema
from alloop.records.codec import encode_amounts, encode_settings
from alloop.records.columns import preparation_columns, well_columns
from alloop.records.labels import plate_id, sample_id, well_label
from alloop.records.states import check_editable, check_transition
from alloop.records.writing_derived import DerivedTransaction


class Transaction(DerivedTransaction):
    """All that can be recorded, within one transaction: it is all recorded when the block ends, or nothing.

    Reading methods see what the transaction has written so far. Whoever writes holds the records' only
    writing turn, so long computations belong before the block.
    """

    def add_campaign(self, slug: str, title: str = "") -> rows.CampaignRow:
        """Register a campaign.

        Raises:
            StateError: when there is one of that name.
        """
        if any(row.slug == slug for row in self.campaigns()):
            raise StateError(
                "there is a campaign of that name", "add a new version to it", f"campaign {slug}"
            )
        self.insert(schema.campaign, slug=slug, title=title)
        self.audit("campaign added", campaign=slug, details={"title": title})
        return self.campaign(slug)

    def add_campaign_version(
        self, version: rows.VersionRow, contents: Mapping[str, bytes] | None = None
    ) -> rows.VersionRow:
        """Register a new version of a campaign's file, with the `contents` of the tables it names.

        A version that says the same as the newest one (text, tables and space) is not added again.
        """
        files = {name: self.store(data) for name, data in (contents or {}).items()}
        earlier = self.versions(version.campaign)
        if earlier:
            newest = earlier[-1]
            same = (newest.sha256, newest.files, newest.space_hash) == (
                version.sha256,
                files,
                version.space_hash,
            )
            if same:
                return newest
        number = len(earlier) + 1
        self.insert(
            schema.campaign_version,
            campaign_id=self.campaign_id(version.campaign),
            number=number,
            text=version.text,
            sha256=version.sha256,
            path=version.path,
            space_hash=version.space_hash,
            files=files,
        )
        self.audit(
            "campaign version added",
            campaign=version.campaign,
            subject=f"version {number}",
            details={"sha256": version.sha256, "path": version.path},
        )
        return self.versions(version.campaign)[-1]

    def add_plate(
        self,
        plate: rows.PlateRow,
        plan: str,
        wells: Sequence[rows.WellRow],
        predictions: Iterable[rows.PredictionRow] = (),
        seen: int | None = None,
    ) -> rows.PlateRow:
        """Record a proposal: the plate, its plan.json, its wells in the plan's order and their predictions.

        `seen` is the number of the newest event that the plan knows of, where something happened since.

        Raises:
            OutdatedError: when its number is taken: someone planned meanwhile.
            StateError: when its name does not follow its number.
        """
        where = f"plate {plate.id}"
        campaign_id = self.campaign_id(plate.campaign)
        if plate.number != self.next_plate_number(plate.campaign):
            raise OutdatedError("another plate was planned meanwhile", "plan again", where)
        if plate.id != plate_id(plate.campaign, plate.number):
            raise StateError(f"plate {plate.number} is not called so", "", where)
        table = schema.campaign_version
        version_id = self.connection.scalar(
            sa.select(table.c.id).where(table.c.campaign_id == campaign_id, table.c.number == plate.version)
        )
        if version_id is None:
            raise StateError(f"the campaign has no version {plate.version}", "", where)
        self.insert(
            schema.plate,
            id=plate.id,
            campaign_id=campaign_id,
            number=plate.number,
            version_id=version_id,
            state="proposed",
            state_at=self.now,
            seed=plate.seed,
            data_hash=plate.data_hash,
            alloop_version=plate.alloop_version,
        )
        self.insert(schema.plan_revision, plate_id=plate.id, revision=1, plan=plan)
        self.insert_many(
            schema.well, [well_columns(plate.id, well) | {"position": i} for i, well in enumerate(wells)]
        )
        self._add_predictions(plate.id, 1, predictions)
        details = {"wells": len(wells)} | ({} if seen is None else {"seen": seen})
        self.audit("plate proposed", campaign=plate.campaign, plate=plate.id, details=details)
        return self.plate(plate.id)

    def set_plate_state(self, plate: str, state: str, why: str = "") -> rows.PlateRow:
        """Move a plate to another state.

        Raises:
            StateError: when there is no such plate, or the step is not allowed.
        """
        row = self.plate(plate)
        check_transition(row.id, row.state, state)
        table = schema.plate
        self.connection.execute(
            sa.update(table).where(table.c.id == row.id).values(state=state, state_at=self.now)
        )
        self.audit(
            f"plate {state}", campaign=row.campaign, plate=row.id, why=why, details={"from": row.state}
        )
        return self.plate(row.id)

    def update_well(
        self,
        well: rows.WellRow,
        verb: Literal["swapped", "locked", "unlocked"],
        plan: str | None = None,
        predictions: Iterable[rows.PredictionRow] = (),
        why: str = "",
    ) -> rows.WellRow:
        """Change a well of a proposal; the audit keeps what it was.

        `plan` is the plate's new plan.json where the change touches it: it becomes the plan's next revision,
        and `predictions` are what is expected of the well from now on.

        Raises:
            StateError: when the plate is no proposal any more or has no such well.
        """
        plate = self.plate(well.plate)
        check_editable(plate.id, plate.state)
        label = well_label(well.well)
        old = self._well(plate.id, label)
        new = well_columns(plate.id, well)
        table = schema.well
        self.connection.execute(
            sa.update(table).where(table.c.plate_id == plate.id, table.c.well == label).values(**new)
        )
        revision = plate.revision
        if plan is not None and plan != self.plan(plate.id):
            revision += 1
            self.insert(schema.plan_revision, plate_id=plate.id, revision=revision, plan=plan)
        expected = list(predictions)
        if expected and revision == plate.revision:
            raise ValueError("new predictions of a well need the plan that they come with")
        self._add_predictions(plate.id, revision, expected)
        before = well_columns(plate.id, old)
        changed = {name: [before[name], new[name]] for name in sorted(new) if before[name] != new[name]}
        self.audit(
            f"well {verb}",
            campaign=plate.campaign,
            plate=plate.id,
            subject=label,
            why=why,
            details={"changed": changed},
        )
        return self._well(plate.id, label)

    def add_samples(self, plate: str, wells: Iterable[str] | None = None) -> list[rows.SampleRow]:
        """Give the wells of a plate (all of them, or some) their samples, as planned. What exists stays.

        Raises:
            StateError: when the plate has no such well, or is not approved.
        """
        row = self.plate(plate)
        if row.state in ("proposed", "rejected", "cancelled"):
            raise StateError(
                f"it is {row.state}: nothing is made of it", "approve it first", f"plate {row.id}"
            )
        planned = {well.well: well for well in self.wells(row.id)}
        wanted = list(planned) if wells is None else [self._well(row.id, well).well for well in wells]
        known = {sample.well for sample in self.samples(row.campaign, row.id)}
        fresh = [planned[label] for label in wanted if label not in known]
        campaign_id = self.campaign_id(row.campaign)
        self.insert_many(
            schema.sample,
            [
                {
                    "id": sample_id(row.id, well.well),
                    "campaign_id": campaign_id,
                    "plate_id": row.id,
                    "well": well.well,
                    "formula": well.formula,
                    "elements": encode_amounts(well.elements),
                    "settings": encode_settings(well.settings),
                    **self.stamp(),
                }
                for well in fresh
            ],
        )
        if fresh:
            self.audit(
                "samples added",
                campaign=row.campaign,
                plate=row.id,
                details={"wells": [well.well for well in fresh]},
            )
        return self.samples(row.campaign, row.id)

    def add_preparations(self, plate: str, preparations: Sequence[rows.PreparationRow]) -> None:
        """Record how samples of a plate were really made: as-weighed masses, actual settings.

        Raises:
            StateError: when one of them is not a sample of that plate.
        """
        row = self.plate(plate)
        known = {sample.id for sample in self.samples(row.campaign, row.id)}
        for preparation in preparations:
            if preparation.sample not in known:
                raise StateError(
                    "there is no such sample", "", f"plate {row.id}, sample {preparation.sample}"
                )
        self.insert_many(
            schema.preparation, [preparation_columns(entry) | self.stamp() for entry in preparations]
        )
        self.audit(
            "samples prepared", campaign=row.campaign, plate=row.id, details={"samples": len(preparations)}
        )

    def add_snapshot(self, snapshot: rows.SnapshotRow) -> None:
        """Keep what the model was when a plate was planned."""
        self.insert(
            schema.model_snapshot,
            campaign_id=self.campaign_id(snapshot.campaign),
            plate_id=snapshot.plate,
            data_hash=snapshot.data_hash,
            content=dict(snapshot.content),
        )

    def _well(self, plate: str, well: str) -> rows.WellRow:
        label = well_label(well, f"plate {plate}")
        for row in self.wells(plate):
            if row.well == label:
                return row
        raise StateError("there is no such well in its plan", "", f"plate {plate}, well {label}")

    def _add_predictions(self, plate: str, revision: int, predictions: Iterable[rows.PredictionRow]) -> None:
        names = ("property", "unit", "scale", "median", "low90", "high90", "sd")
        self.insert_many(
            schema.prediction,
            [
                {name: getattr(row, name) for name in names}
                | {"plate_id": plate, "well": well_label(row.well), "revision": revision}
                for row in predictions
            ],
        )
