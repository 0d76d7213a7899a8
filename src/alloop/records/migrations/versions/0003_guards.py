"""Triggers that keep the records growing only: no fact is changed, nothing at all is deleted."""

from __future__ import annotations

from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

MAY_CHANGE = ("plate", "well")
APPEND_ONLY = (
    "campaign",
    "raw_file",
    "campaign_version",
    "plan_revision",
    "sample",
    "preparation",
    "upload",
    "upload_file",
    "measurement",
    "doubt",
    "supersession",
    "status",
    "prediction",
    "model_snapshot",
    "exclusion",
    "event",
)
_FUNCTION = """
CREATE FUNCTION alloop_refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'the records only grow: % of % is refused', TG_OP, TG_TABLE_NAME;
END
$$
"""


def _guards() -> list[tuple[str, str]]:
    updates = [(table, "UPDATE") for table in APPEND_ONLY]
    return updates + [(table, "DELETE") for table in (*APPEND_ONLY, *MAY_CHANGE)]


def upgrade() -> None:
    """Make the triggers."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    if not sqlite:
        op.execute(_FUNCTION)
    for table, verb in _guards():
        body = (
            f"BEGIN SELECT RAISE(ABORT, 'the records only grow: {verb} of {table} is refused'); END"
            if sqlite
            else "FOR EACH ROW EXECUTE FUNCTION alloop_refuse()"
        )
        op.execute(f"CREATE TRIGGER guard_{table}_{verb.lower()} BEFORE {verb} ON {table} {body}")


def downgrade() -> None:
    """Take the triggers away."""
    sqlite = op.get_bind().dialect.name == "sqlite"
    for table, verb in _guards():
        op.execute(f"DROP TRIGGER guard_{table}_{verb.lower()}" + ("" if sqlite else f" ON {table}"))
    if not sqlite:
        op.execute("DROP FUNCTION alloop_refuse()")
