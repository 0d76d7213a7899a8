"""The tables of what was derived from instrument files, guarded like all others."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLES = ("derivation", "derivation_file", "derived_value")


def upgrade() -> None:
    """Make the tables and their triggers."""
    op.create_table(
        "derivation",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("campaign_id", sa.Integer(), nullable=False),
        sa.Column("upload_id", sa.Integer(), nullable=False),
        sa.Column("sample_id", sa.String(length=130), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("format", sa.Text(), nullable=False),
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("code_version", sa.String(length=40), nullable=False),
        sa.Column("given", sa.Text(), nullable=False),
        sa.Column("flags", sa.Text(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.Column("figure", sa.Text(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.String(length=200), nullable=False),
        sa.ForeignKeyConstraint(["campaign_id"], ["campaign.id"], name=op.f("fk_derivation_campaign_id")),
        sa.ForeignKeyConstraint(["sample_id"], ["sample.id"], name=op.f("fk_derivation_sample_id")),
        sa.ForeignKeyConstraint(["upload_id"], ["upload.id"], name=op.f("fk_derivation_upload_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_derivation")),
    )
    for column in ("campaign_id", "sample_id", "upload_id"):
        op.create_index(op.f(f"ix_derivation_{column}"), "derivation", [column])
    op.create_table(
        "derivation_file",
        sa.Column("derivation_id", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.ForeignKeyConstraint(
            ["derivation_id"], ["derivation.id"], name=op.f("fk_derivation_file_derivation_id")
        ),
        sa.ForeignKeyConstraint(["sha256"], ["raw_file.sha256"], name=op.f("fk_derivation_file_sha256")),
        sa.PrimaryKeyConstraint("derivation_id", "sha256", name=op.f("pk_derivation_file")),
    )
    op.create_table(
        "derived_value",
        sa.Column("measurement_id", sa.Integer(), nullable=False),
        sa.Column("derivation_id", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(
            ["derivation_id"], ["derivation.id"], name=op.f("fk_derived_value_derivation_id")
        ),
        sa.ForeignKeyConstraint(
            ["measurement_id"], ["measurement.id"], name=op.f("fk_derived_value_measurement_id")
        ),
        sa.PrimaryKeyConstraint("measurement_id", name=op.f("pk_derived_value")),
    )
    op.create_index(op.f("ix_derived_value_derivation_id"), "derived_value", ["derivation_id"])
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table in TABLES:
        for verb in ("UPDATE", "DELETE"):
            body = (
                f"BEGIN SELECT RAISE(ABORT, 'the records only grow: {verb} of {table} is refused'); END"
                if sqlite
                else "FOR EACH ROW EXECUTE FUNCTION alloop_refuse()"
            )
            op.execute(f"CREATE TRIGGER guard_{table}_{verb.lower()} BEFORE {verb} ON {table} {body}")


def downgrade() -> None:
    """Take them away; their triggers go with them."""
    for table in reversed(TABLES):
        op.drop_table(table)
