"""The tables of the results."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = (
    "raw_file",
    "upload",
    "upload_file",
    "event",
    "measurement",
    "status",
    "doubt",
    "supersession",
)


def _recorded() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=200), nullable=False),
    )


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "raw_file",
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        *_recorded(),
        sa.PrimaryKeyConstraint("sha256", name=op.f("pk_raw_file")),
    )
    op.create_table(
        "upload",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("origin", sa.String(length=20), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("report", sa.Text(), nullable=False),
        *_recorded(),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_upload_campaign_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload")),
        sa.UniqueConstraint("campaign_id", "digest", name=op.f("uq_upload_campaign_id_digest")),
    )
    op.create_table(
        "upload_file",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("upload_id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_upload_file_campaign_id")),
        sa.ForeignKeyConstraint(["sha256"], ["raw_file.sha256"], name=op.f("fk_upload_file_sha256")),
        sa.ForeignKeyConstraint(["upload_id"], ["upload.id"], name=op.f("fk_upload_file_upload_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_upload_file")),
        sa.UniqueConstraint("campaign_id", "sha256", name=op.f("uq_upload_file_campaign_id_sha256")),
    )
    op.create_index(op.f("ix_upload_file_upload_id"), "upload_file", ["upload_id"])
    op.create_table(
        "event",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=True),
        sa.Column("plate_id", sa.String(length=120), nullable=True),
        sa.Column("verb", sa.String(length=40), nullable=False),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        *_recorded(),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_event_campaign_id")),
        sa.ForeignKeyConstraint(["plate_id"], ["plate.id"], name=op.f("fk_event_plate_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_event")),
    )
    op.create_index(op.f("ix_event_campaign_id"), "event", ["campaign_id"])
    op.create_index(op.f("ix_event_plate_id"), "event", ["plate_id"])
    op.create_table(
        "measurement",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("upload_id", sa.Integer(), nullable=True),
        sa.Column("sample_id", sa.String(length=130), nullable=True),
        sa.Column("origin", sa.String(length=20), nullable=False),
        sa.Column("formula", sa.Text(), nullable=False),
        sa.Column("elements", sa.Text(), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("property", sa.String(length=60), nullable=False),
        sa.Column("value", sa.Double(), nullable=False),
        sa.Column("bound", sa.String(length=10), nullable=False),
        sa.Column("uncertainty", sa.Double(), nullable=True),
        sa.Column("temperature_C", sa.Double(), nullable=True),
        sa.Column("kind", sa.String(length=40), nullable=True),
        sa.Column("method", sa.Text(), nullable=True),
        sa.Column("measured_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("qualifier", sa.String(length=40), nullable=True),
        sa.Column("phase", sa.Text(), nullable=True),
        sa.Column("conditions", sa.Text(), nullable=False),
        sa.Column("doubt", sa.String(length=10), nullable=False),
        sa.Column("doubt_why", sa.Text(), nullable=True),
        sa.Column("place", sa.Text(), nullable=False),
        *_recorded(),
        sa.CheckConstraint("bound IN ('exact', 'below', 'above')", name=op.f("ck_measurement_bound")),
        sa.CheckConstraint("doubt IN ('ok', 'suspect', 'retracted')", name=op.f("ck_measurement_doubt")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_measurement_campaign_id")),
        sa.ForeignKeyConstraint(["sample_id"], ["sample.id"], name=op.f("fk_measurement_sample_id")),
        sa.ForeignKeyConstraint(["upload_id"], ["upload.id"], name=op.f("fk_measurement_upload_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_measurement")),
    )
    op.create_index(op.f("ix_measurement_campaign_id_property"), "measurement", ["campaign_id", "property"])
    op.create_index(op.f("ix_measurement_sample_id"), "measurement", ["sample_id"])
    op.create_index(op.f("ix_measurement_upload_id"), "measurement", ["upload_id"])
    op.create_table(
        "status",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("upload_id", sa.Integer(), nullable=True),
        sa.Column("sample_id", sa.String(length=130), nullable=True),
        sa.Column("origin", sa.String(length=20), nullable=False),
        sa.Column("formula", sa.Text(), nullable=False),
        sa.Column("elements", sa.Text(), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("status", sa.String(length=20), nullable=False),
        sa.Column("property", sa.String(length=60), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("place", sa.Text(), nullable=False),
        *_recorded(),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_status_campaign_id")),
        sa.ForeignKeyConstraint(["sample_id"], ["sample.id"], name=op.f("fk_status_sample_id")),
        sa.ForeignKeyConstraint(["upload_id"], ["upload.id"], name=op.f("fk_status_upload_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_status")),
    )
    op.create_index(op.f("ix_status_campaign_id"), "status", ["campaign_id"])
    op.create_index(op.f("ix_status_sample_id"), "status", ["sample_id"])
    op.create_index(op.f("ix_status_upload_id"), "status", ["upload_id"])
    op.create_table(
        "doubt",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("measurement_id", sa.Integer(), nullable=False),
        sa.Column("doubt", sa.String(length=10), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        *_recorded(),
        sa.CheckConstraint("doubt IN ('ok', 'suspect', 'retracted')", name=op.f("ck_doubt_doubt")),
        sa.ForeignKeyConstraint(["measurement_id"], ["measurement.id"], name=op.f("fk_doubt_measurement_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_doubt")),
    )
    op.create_index(op.f("ix_doubt_measurement_id"), "doubt", ["measurement_id"])
    op.create_table(
        "supersession",
        sa.Column("old_id", sa.Integer(), nullable=False),
        sa.Column("new_id", sa.Integer(), nullable=False),
        *_recorded(),
        sa.CheckConstraint("new_id > old_id", name=op.f("ck_supersession_order")),
        sa.ForeignKeyConstraint(["new_id"], ["measurement.id"], name=op.f("fk_supersession_new_id")),
        sa.ForeignKeyConstraint(["old_id"], ["measurement.id"], name=op.f("fk_supersession_old_id")),
        sa.PrimaryKeyConstraint("old_id", name=op.f("pk_supersession")),
    )
    op.create_index(op.f("ix_supersession_new_id"), "supersession", ["new_id"])


def downgrade() -> None:
    """Take the tables away, with all that is in them."""
    for table in reversed(TABLES):
        op.drop_table(table)
