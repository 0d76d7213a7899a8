"""The tables of the records, in portable SQL: the same on SQLite and PostgreSQL.

Facts are only ever added. Tables in `APPEND_ONLY` refuse UPDATE and DELETE by triggers (made by the
migration); the others hold what has a state (a plate, the wells of a proposal) and refuse DELETE.
`HEAD` is the schema's version, the newest migration's name; a test holds that the migrations make exactly
these tables.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    ForeignKeyConstraint,
    Index,
    Integer,
    String,
    Table,
    Text,
    UniqueConstraint,
)

from alloop.records.schema_base import (
    Json,
    UtcDateTime,
    campaign_column,
    id_column,
    metadata,
    one_of,
    recorded_columns,
    subject_columns,
)
from alloop.records.schema_derived import derivation, derivation_file, derived_value
from alloop.records.states import PLATE_STATES

HEAD = "0004"


campaign = Table(
    "campaign",
    metadata,
    id_column(),
    Column("slug", String(100), nullable=False, unique=True),
    Column("title", Text, nullable=False),
    *recorded_columns(),
)

raw_file = Table(
    "raw_file",
    metadata,
    Column("sha256", String(64), primary_key=True),
    Column("size", BigInteger, nullable=False),
    *recorded_columns(),
)

campaign_version = Table(
    "campaign_version",
    metadata,
    id_column(),
    campaign_column(),
    Column("number", Integer, nullable=False),
    Column("text", Text, nullable=False),
    Column("sha256", String(64), nullable=False),
    Column("path", Text, nullable=False),
    Column("space_hash", String(64), nullable=False),
    Column("files", Json, nullable=False),
    *recorded_columns(),
    UniqueConstraint("campaign_id", "number"),
)

plate = Table(
    "plate",
    metadata,
    Column("id", String(120), primary_key=True),
    campaign_column(),
    Column("number", Integer, nullable=False),
    Column("version_id", ForeignKey("campaign_version.id"), nullable=False),
    Column("state", String(20), nullable=False),
    Column("state_at", UtcDateTime, nullable=False),
    Column("seed", BigInteger, nullable=False),
    Column("data_hash", String(64), nullable=False),
    Column("alloop_version", String(40), nullable=False),
    *recorded_columns(),
    UniqueConstraint("campaign_id", "number"),
    one_of("state", PLATE_STATES),
)

plan_revision = Table(
    "plan_revision",
    metadata,
    Column("plate_id", ForeignKey("plate.id"), primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("plan", Text, nullable=False),
    *recorded_columns(),
)

well = Table(
    "well",
    metadata,
    Column("plate_id", ForeignKey("plate.id"), primary_key=True),
    Column("well", String(4), primary_key=True),
    Column("position", Integer, nullable=False),
    Column("role", String(20), nullable=False),
    Column("formula", Text, nullable=False),
    Column("elements", Text, nullable=False),
    Column("key", Text, nullable=False),
    Column("recipe_key", Text, nullable=False),
    Column("rank", BigInteger),
    Column("settings", Text, nullable=False),
    Column("composition", Json, nullable=False),
    Column("replicate_of", String(130)),
    Column("p_feasible", Double),
    Column("p_hit", Double),
    Column("reason", Text, nullable=False),
    Column("locked", Boolean, nullable=False),
)

sample = Table(
    "sample",
    metadata,
    Column("id", String(130), primary_key=True),
    campaign_column(),
    Column("plate_id", String(120), nullable=False),
    Column("well", String(4), nullable=False),
    Column("formula", Text, nullable=False),
    Column("elements", Text, nullable=False),
    Column("settings", Text, nullable=False),
    *recorded_columns(),
    ForeignKeyConstraint(["plate_id", "well"], ["well.plate_id", "well.well"]),
    UniqueConstraint("plate_id", "well"),
    Index(None, "campaign_id"),
)

preparation = Table(
    "preparation",
    metadata,
    id_column(),
    Column("sample_id", ForeignKey("sample.id"), nullable=False, index=True),
    Column("masses_mg", Json, nullable=False),
    Column("settings", Text),
    Column("formula", Text),
    Column("elements", Text),
    Column("made_at", UtcDateTime),
    Column("note", Text, nullable=False),
    *recorded_columns(),
)

upload = Table(
    "upload",
    metadata,
    id_column(),
    campaign_column(),
    Column("origin", String(20), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("note", Text, nullable=False),
    Column("report", Json, nullable=False),
    *recorded_columns(),
    UniqueConstraint("campaign_id", "digest"),
)

upload_file = Table(
    "upload_file",
    metadata,
    id_column(),
    Column("upload_id", ForeignKey("upload.id"), nullable=False, index=True),
    campaign_column(),
    Column("name", Text, nullable=False),
    Column("sha256", ForeignKey("raw_file.sha256"), nullable=False),
    UniqueConstraint("campaign_id", "sha256"),
)


measurement = Table(
    "measurement",
    metadata,
    id_column(),
    *subject_columns(),
    Column("property", String(60), nullable=False),
    Column("value", Double, nullable=False),
    Column("bound", String(10), nullable=False),
    Column("uncertainty", Double),
    Column("temperature_C", Double),
    Column("kind", String(40)),
    Column("method", Text),
    Column("measured_at", UtcDateTime),
    Column("source", Text),
    Column("qualifier", String(40)),
    Column("phase", Text),
    Column("conditions", Json, nullable=False),
    Column("doubt", String(10), nullable=False),
    Column("doubt_why", Text),
    Column("place", Text, nullable=False),
    *recorded_columns(),
    one_of("bound", ("exact", "below", "above")),
    one_of("doubt", ("ok", "suspect", "retracted")),
    Index(None, "campaign_id", "property"),
)

doubt = Table(
    "doubt",
    metadata,
    id_column(),
    Column("measurement_id", ForeignKey("measurement.id"), nullable=False, index=True),
    Column("doubt", String(10), nullable=False),
    Column("why", Text, nullable=False),
    *recorded_columns(),
    one_of("doubt", ("ok", "suspect", "retracted")),
)

supersession = Table(
    "supersession",
    metadata,
    Column("old_id", ForeignKey("measurement.id"), primary_key=True),
    Column("new_id", ForeignKey("measurement.id"), nullable=False, index=True),
    *recorded_columns(),
    CheckConstraint("new_id > old_id", name="order"),
)

status = Table(
    "status",
    metadata,
    id_column(),
    *subject_columns(),
    Column("status", String(20), nullable=False),
    Column("property", String(60)),
    Column("note", Text, nullable=False),
    Column("place", Text, nullable=False),
    *recorded_columns(),
    Index(None, "campaign_id"),
)

prediction = Table(
    "prediction",
    metadata,
    Column("plate_id", String(120), primary_key=True),
    Column("well", String(4), primary_key=True),
    Column("property", String(60), primary_key=True),
    Column("revision", Integer, primary_key=True, autoincrement=False),
    Column("unit", String(40), nullable=False),
    Column("scale", String(10), nullable=False),
    Column("median", Double, nullable=False),
    Column("low90", Double, nullable=False),
    Column("high90", Double, nullable=False),
    Column("sd", Double, nullable=False),
    ForeignKeyConstraint(["plate_id", "well"], ["well.plate_id", "well.well"]),
)

model_snapshot = Table(
    "model_snapshot",
    metadata,
    id_column(),
    campaign_column(),
    Column("plate_id", ForeignKey("plate.id"), index=True),
    Column("data_hash", String(64), nullable=False),
    Column("content", Json, nullable=False),
    *recorded_columns(),
    Index(None, "campaign_id"),
)

exclusion = Table(
    "exclusion",
    metadata,
    id_column(),
    campaign_column(),
    Column("kind", String(10), nullable=False),
    Column("target", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("active", Boolean, nullable=False),
    *recorded_columns(),
    one_of("kind", ("element", "key")),
    Index(None, "campaign_id"),
)

event = Table(
    "event",
    metadata,
    id_column(),
    campaign_column(nullable=True),
    Column("plate_id", ForeignKey("plate.id"), index=True),
    Column("verb", String(40), nullable=False),
    Column("subject", Text, nullable=False),
    Column("why", Text, nullable=False),
    Column("details", Json, nullable=False),
    *recorded_columns(),
    Index(None, "campaign_id"),
)

MAY_CHANGE = ("plate", "well")
APPEND_ONLY = tuple(table.name for table in metadata.sorted_tables if table.name not in MAY_CHANGE)

__all__ = ["APPEND_ONLY", "HEAD", "MAY_CHANGE", "derivation", "derivation_file", "derived_value", "metadata"]
