"""What the records hand out and take in: one frozen value per kind of thing that happened.

Fields that the records fill in themselves (`id`, `recorded_at`, `recorded_by`, states and the like) have
defaults and are ignored when a row is added. Times are timezone-aware UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from fractions import Fraction
from typing import Any, Literal

from alloop.records.codec import Level
from alloop.scales import Scale

Origin = Literal["laboratory", "literature", "history"]
Bound = Literal["exact", "below", "above"]
Doubt = Literal["ok", "suspect", "retracted"]

NEVER = datetime(1, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Recorded:
    """Who recorded it and when; filled in by the records."""

    recorded_at: datetime = NEVER
    recorded_by: str = ""


@dataclass(frozen=True, kw_only=True)
class CampaignRow(Recorded):
    """A campaign; `slug` is its name, unique in the database."""

    slug: str
    title: str = ""


@dataclass(frozen=True, kw_only=True)
class VersionRow(Recorded):
    """One version of a campaign file; `number` counts from 1. `space_hash` identifies its design space.

    `path` is where the file lay when it was read, `files` the tables it names (name in the file -> sha256
    of the content, which is in the raw-file store).
    """

    campaign: str
    text: str
    sha256: str
    path: str = ""
    space_hash: str = ""
    files: Mapping[str, str] = field(default_factory=dict)
    number: int = 0


@dataclass(frozen=True, kw_only=True)
class PlateRow(Recorded):
    """A plate. `version` is the campaign file it was planned from, `seed` and `data_hash` what went into it.

    `revision` counts the plan's edits from 1; `state_at` is when the plate entered its state.
    """

    id: str
    campaign: str
    number: int
    version: int
    seed: int = 0
    data_hash: str = ""
    alloop_version: str = ""
    state: str = "proposed"
    state_at: datetime = NEVER
    revision: int = 1


@dataclass(frozen=True, kw_only=True)
class PlanRow(Recorded):
    """One revision of a plate's plan.json: its text."""

    plate: str
    revision: int
    plan: str


@dataclass(frozen=True, kw_only=True)
class WellRow:
    """A well of a plate and what is planned in it.

    `elements` are atoms per formula unit, `composition` the species per site (site -> species -> atoms per
    formula unit) as it stands in the plan, `replicate_of` the sample of which it is a new one.
    """

    plate: str
    well: str
    role: str
    formula: str
    elements: Mapping[str, Fraction]
    key: str = ""
    recipe_key: str = ""
    rank: int | None = None
    settings: Mapping[str, Level] = field(default_factory=dict)
    composition: Mapping[str, Any] = field(default_factory=dict)
    replicate_of: str | None = None
    p_feasible: float | None = None
    p_hit: float | None = None
    reason: str = ""
    locked: bool = False


@dataclass(frozen=True, kw_only=True)
class SampleRow(Recorded):
    """A sample: what was really made in a well, as far as it is known.

    `formula`, `elements` and `settings` are as planned until a preparation says otherwise; `masses_mg` are
    the as-weighed masses (precursor -> mg) and `made_at` its time, both empty until then.
    """

    id: str
    campaign: str
    plate: str
    well: str
    formula: str
    elements: Mapping[str, Fraction]
    settings: Mapping[str, Level] = field(default_factory=dict)
    masses_mg: Mapping[str, float] = field(default_factory=dict)
    made_at: datetime | None = None
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class PreparationRow(Recorded):
    """How a sample was really made. What is None stays as planned; a later row replaces an earlier one."""

    sample: str
    masses_mg: Mapping[str, float] = field(default_factory=dict)
    settings: Mapping[str, Level] | None = None
    formula: str | None = None
    elements: Mapping[str, Fraction] | None = None
    made_at: datetime | None = None
    note: str = ""


@dataclass(frozen=True, kw_only=True)
class FileRow:
    """A file of an upload; its content is in the raw-file store under its sha256."""

    name: str
    sha256: str
    size: int


@dataclass(frozen=True, kw_only=True)
class UploadRow(Recorded):
    """Files that were recorded together; `digest` identifies their bytes, `report` is what was said of them."""

    campaign: str
    origin: Origin = "laboratory"
    note: str = ""
    report: Mapping[str, Any] = field(default_factory=dict)
    files: tuple[FileRow, ...] = ()
    digest: str = ""
    id: int = 0


@dataclass(frozen=True, kw_only=True)
class MeasurementRow(Recorded):
    """One value of one property of one sample (or of a formula, where no sample is ours).

    `value` and `uncertainty` are in the property's canonical unit, `elements` in atoms per formula unit.
    `bound` says whether the value is exact, an upper limit (`below`) or a lower one (`above`); `qualifier`
    keeps what a literature table says about it. `doubt` is what is thought of it now. `supersedes` and
    `superseded_by` are the ids of the values it replaces and of the value that replaces it. `place` tells
    where in the upload it stands.
    """

    campaign: str
    property: str
    value: float
    origin: Origin = "laboratory"
    sample: str | None = None
    formula: str = ""
    elements: Mapping[str, Fraction] = field(default_factory=dict)
    settings: Mapping[str, Level] = field(default_factory=dict)
    bound: Bound = "exact"
    uncertainty: float | None = None
    temperature_C: float | None = None
    kind: str | None = None
    method: str | None = None
    measured_at: datetime | None = None
    source: str | None = None
    qualifier: str | None = None
    phase: str | None = None
    conditions: Mapping[str, Any] = field(default_factory=dict)
    doubt: Doubt = "ok"
    doubt_why: str | None = None
    place: str = ""
    supersedes: tuple[int, ...] = ()
    superseded_by: int | None = None
    upload_id: int | None = None
    id: int = 0


@dataclass(frozen=True, kw_only=True)
class StatusRow(Recorded):
    """What became of a sample or formula (ok, not_formed, cracked…), or of one `property` of it. The latest holds."""

    campaign: str
    status: str
    origin: Origin = "laboratory"
    sample: str | None = None
    formula: str = ""
    elements: Mapping[str, Fraction] = field(default_factory=dict)
    settings: Mapping[str, Level] = field(default_factory=dict)
    property: str | None = None
    note: str = ""
    place: str = ""
    upload_id: int | None = None
    id: int = 0


@dataclass(frozen=True, kw_only=True)
class PredictionRow:
    """What was expected of a well for one property, frozen with the plan: the ledger.

    `median`, `low90` and `high90` are for a new measurement in the canonical `unit`; `sd` is its standard
    deviation on the model's `scale` (linear, log10 or logit). `revision` is the plan's in which it was made.
    """

    plate: str
    well: str
    property: str
    unit: str
    median: float
    low90: float
    high90: float
    sd: float
    scale: Scale = "linear"
    revision: int = 1


@dataclass(frozen=True, kw_only=True)
class SnapshotRow(Recorded):
    """What the model was when a plate was planned: `content` holds its figures as JSON values."""

    campaign: str
    content: Mapping[str, Any]
    plate: str | None = None
    data_hash: str = ""
    id: int = 0


@dataclass(frozen=True, kw_only=True)
class ExclusionRow(Recorded):
    """An `element` or candidate (`key`) that is not to be planned any more; not `active`: again allowed."""

    campaign: str
    kind: Literal["element", "key"]
    target: str
    why: str
    active: bool = True
    id: int = 0


@dataclass(frozen=True, kw_only=True)
class DoubtRow(Recorded):
    """A word of doubt (or of trust regained) about a measurement; the latest holds."""

    measurement: int
    doubt: Doubt
    why: str
    id: int = 0


@dataclass(frozen=True, kw_only=True)
class EventRow(Recorded):
    """One line of the audit: who did what to what, when and why. Never changed."""

    verb: str
    campaign: str | None = None
    plate: str | None = None
    subject: str = ""
    why: str = ""
    details: Mapping[str, Any] = field(default_factory=dict)
    id: int = 0


@dataclass(frozen=True, kw_only=True)
class PlateProgress:
    """How far a plate is: its number of wells, of samples, of those with a value, with a value or status."""

    plate: str
    number: int
    state: str
    state_at: datetime
    wells: int
    samples: int
    measured: int
    reported: int
