"""The tables of the plans."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

TABLES = (
    "campaign",
    "campaign_version",
    "exclusion",
    "plate",
    "model_snapshot",
    "plan_revision",
    "well",
    "prediction",
    "sample",
    "preparation",
)


def _recorded() -> tuple[sa.Column[Any], ...]:
    return (
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=200), nullable=False),
    )


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "campaign",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("slug", sa.String(length=100), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        *_recorded(),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign")),
        sa.UniqueConstraint("slug", name=op.f("uq_campaign_slug")),
    )
    op.create_table(
        "campaign_version",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("path", sa.Text(), nullable=False),
        sa.Column("space_hash", sa.String(length=64), nullable=False),
        sa.Column("files", sa.Text(), nullable=False),
        *_recorded(),
        sa.ForeignKeyConstraint(
            ["campaign_id"], ["campaign.id"], name=op.f("fk_campaign_version_campaign_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaign_version")),
        sa.UniqueConstraint("campaign_id", "number", name=op.f("uq_campaign_version_campaign_id_number")),
    )
    op.create_table(
        "exclusion",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("target", sa.Text(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("active", sa.Boolean(), nullable=False),
        *_recorded(),
        sa.CheckConstraint("kind IN ('element', 'key')", name=op.f("ck_exclusion_kind")),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_exclusion_campaign_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_exclusion")),
    )
    op.create_index(op.f("ix_exclusion_campaign_id"), "exclusion", ["campaign_id"])
    op.create_table(
        "plate",
        sa.Column("id", sa.String(length=120), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("version_id", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=20), nullable=False),
        sa.Column("state_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("data_hash", sa.String(length=64), nullable=False),
        sa.Column("alloop_version", sa.String(length=40), nullable=False),
        *_recorded(),
        sa.CheckConstraint(
            "state IN ('proposed', 'approved', 'in_synthesis', 'measuring', "
            "'complete', 'rejected', 'cancelled')",
            name=op.f("ck_plate_state"),
        ),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_plate_campaign_id")),
        sa.ForeignKeyConstraint(["version_id"], ["campaign_version.id"], name=op.f("fk_plate_version_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_plate")),
        sa.UniqueConstraint("campaign_id", "number", name=op.f("uq_plate_campaign_id_number")),
    )
    op.create_table(
        "model_snapshot",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("plate_id", sa.String(length=120), nullable=True),
        sa.Column("data_hash", sa.String(length=64), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        *_recorded(),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_model_snapshot_campaign_id")),
        sa.ForeignKeyConstraint(["plate_id"], ["plate.id"], name=op.f("fk_model_snapshot_plate_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_model_snapshot")),
    )
    op.create_index(op.f("ix_model_snapshot_campaign_id"), "model_snapshot", ["campaign_id"])
    op.create_index(op.f("ix_model_snapshot_plate_id"), "model_snapshot", ["plate_id"])
    op.create_table(
        "plan_revision",
        sa.Column("plate_id", sa.String(length=120), nullable=False),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("plan", sa.Text(), nullable=False),
        *_recorded(),
        sa.ForeignKeyConstraint(["plate_id"], ["plate.id"], name=op.f("fk_plan_revision_plate_id")),
        sa.PrimaryKeyConstraint("plate_id", "revision", name=op.f("pk_plan_revision")),
    )
    op.create_table(
        "well",
        sa.Column("plate_id", sa.String(length=120), nullable=False),
        sa.Column("well", sa.String(length=4), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("role", sa.String(length=20), nullable=False),
        sa.Column("formula", sa.Text(), nullable=False),
        sa.Column("elements", sa.Text(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False),
        sa.Column("recipe_key", sa.Text(), nullable=False),
        sa.Column("rank", sa.BigInteger(), nullable=True),
        sa.Column("settings", sa.Text(), nullable=False),
        sa.Column("composition", sa.Text(), nullable=False),
        sa.Column("replicate_of", sa.String(length=130), nullable=True),
        sa.Column("p_feasible", sa.Double(), nullable=True),
        sa.Column("p_hit", sa.Double(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("locked", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["plate_id"], ["plate.id"], name=op.f("fk_well_plate_id")),
        sa.PrimaryKeyConstraint("plate_id", "well", name=op.f("pk_well")),
    )
    op.create_table(
        "prediction",
        sa.Column("plate_id", sa.String(length=120), nullable=False),
        sa.Column("well", sa.String(length=4), nullable=False),
        sa.Column("property", sa.String(length=60), nullable=False),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("unit", sa.String(length=40), nullable=False),
        sa.Column("scale", sa.String(length=10), nullable=False),
        sa.Column("median", sa.Double(), nullable=False),
        sa.Column("low90", sa.Double(), nullable=False),
        sa.Column("high90", sa.Double(), nullable=False),
        sa.Column("sd", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["plate_id", "well"], ["well.plate_id", "well.well"], name=op.f("fk_prediction_plate_id_well")
        ),
        sa.PrimaryKeyConstraint("plate_id", "well", "property", "revision", name=op.f("pk_prediction")),
    )
    op.create_table(
        "sample",
        sa.Column("id", sa.String(length=130), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("plate_id", sa.String(length=120), nullable=False),
        sa.Column("well", sa.String(length=4), nullable=False),
        sa.Column("formula", sa.Text(), nullable=False),
        sa.Column("elements", sa.Text(), nullable=False),
        sa.Column("settings", sa.Text(), nullable=False),
        *_recorded(),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_sample_campaign_id")),
        sa.ForeignKeyConstraint(
            ["plate_id", "well"], ["well.plate_id", "well.well"], name=op.f("fk_sample_plate_id_well")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sample")),
        sa.UniqueConstraint("plate_id", "well", name=op.f("uq_sample_plate_id_well")),
    )
    op.create_index(op.f("ix_sample_campaign_id"), "sample", ["campaign_id"])
    op.create_table(
        "preparation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("sample_id", sa.String(length=130), nullable=False),
        sa.Column("masses_mg", sa.Text(), nullable=False),
        sa.Column("settings", sa.Text(), nullable=True),
        sa.Column("formula", sa.Text(), nullable=True),
        sa.Column("elements", sa.Text(), nullable=True),
        sa.Column("made_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        *_recorded(),
        sa.ForeignKeyConstraint(["sample_id"], ["sample.id"], name=op.f("fk_preparation_sample_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_preparation")),
    )
    op.create_index(op.f("ix_preparation_sample_id"), "preparation", ["sample_id"])


def downgrade() -> None:
    """Take the tables away, with all that is in them."""
    for table in reversed(TABLES):
        op.drop_table(table)
