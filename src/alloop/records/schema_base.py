"""What the tables are built from: column types that mean the same on SQLite and PostgreSQL, usual columns."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    DateTime,
    Dialect,
    ForeignKey,
    Integer,
    MetaData,
    String,
    Text,
    TypeDecorator,
)


class UtcDateTime(TypeDecorator[datetime]):
    """A timezone-aware time, kept in UTC; SQLite stores it without its zone."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Turn an aware time into UTC.

        Raises:
            ValueError: when the time does not say its zone.
        """
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError(f"a time without a zone cannot be recorded: {value.isoformat()}")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: Dialect) -> datetime | None:
        """Give the time its zone back."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Json(TypeDecorator[Any]):
    """JSON as text, in the order given; NaN and infinities are refused."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        """Write the value as JSON."""
        return None if value is None else json.dumps(value, ensure_ascii=False, allow_nan=False)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        """Read it back."""
        if value == "{}":  # by far the most frequent one
            return {}
        return None if value is None else json.loads(value)


metadata = MetaData(
    naming_convention={
        "pk": "pk_%(table_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    }
)


def id_column() -> Column[int]:
    """A row's number."""
    return Column("id", Integer, primary_key=True)


def recorded_columns() -> tuple[Column[Any], Column[Any]]:
    """When a row was recorded and by whom."""
    return (
        Column("recorded_at", UtcDateTime, nullable=False),
        Column("recorded_by", String(200), nullable=False),
    )


def campaign_column(nullable: bool = False) -> Column[int]:
    """The campaign that a row belongs to."""
    return Column("campaign_id", ForeignKey("campaign.id"), nullable=nullable)


def one_of(column: str, values: tuple[str, ...]) -> CheckConstraint:
    """A check that a column holds one of some words."""
    return CheckConstraint(f"{column} IN ({', '.join(repr(value) for value in values)})", name=column)


def subject_columns() -> tuple[Column[Any], ...]:
    """What a value or status is about: a sample of ours, or a formula with settings from elsewhere."""
    return (
        campaign_column(),
        Column("upload_id", ForeignKey("upload.id"), index=True),
        Column("sample_id", ForeignKey("sample.id"), index=True),
        Column("origin", String(20), nullable=False),
        Column("formula", Text, nullable=False),
        Column("elements", Text, nullable=False),
        Column("settings", Text, nullable=False),
    )


__all__ = [
    "Json",
    "UtcDateTime",
    "campaign_column",
    "id_column",
    "metadata",
    "one_of",
    "recorded_columns",
    "subject_columns",
]
