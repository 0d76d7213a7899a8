"""The writing side of what was derived from instrument files."""

from __future__ import annotations

from collections.abc import Sequence

from alloop.records import rows, schema
from alloop.records.derived_rows import DerivationRow
from alloop.records.writing_results import ResultsTransaction

Derived = tuple[DerivationRow, Sequence[rows.MeasurementRow]]
"""How values were derived, and the values."""


class DerivedTransaction(ResultsTransaction):
    """Records derivations within one transaction."""

    def add_derived(self, campaign: str, upload: int, derived: Sequence[Derived]) -> list[int]:
        """Record how values were derived from files of an upload, and the values. Returns the derivations' ids.

        Values that a measurement `supersedes` are marked as replaced by it.

        Raises:
            UploadError: when a value is not a finite number.
            StateError: when a sample, a file or a superseded value does not exist, or was superseded before.
        """
        campaign_id = self.campaign_id(campaign)
        self.check_subjects(campaign, [row for _, values in derived for row in values])
        made = []
        for derivation, values in derived:
            number = self.insert(
                schema.derivation,
                campaign_id=campaign_id,
                upload_id=upload,
                sample_id=derivation.sample,
                kind=derivation.kind,
                format=derivation.format,
                model=derivation.model,
                code_version=derivation.code_version,
                given=dict(derivation.given),
                flags=[dict(flag) for flag in derivation.flags],
                details=dict(derivation.details),
                figure=derivation.figure,
            )
            files = [{"derivation_id": number, "sha256": sha256} for sha256 in sorted(set(derivation.files))]
            self.insert_many(schema.derivation_file, files)
            ids = self.add_measurements(campaign, upload, values)
            self.insert_many(
                schema.derived_value, [{"measurement_id": one, "derivation_id": number} for one in ids]
            )
            made.append(number)
        return made
