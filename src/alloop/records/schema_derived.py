"""The tables of what was derived from instrument files: from which bytes, how, and with which doubts."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Index, String, Table, Text

from alloop.records.schema_base import Json, campaign_column, id_column, metadata, recorded_columns

derivation = Table(
    "derivation",
    metadata,
    id_column(),
    campaign_column(),
    Column("upload_id", ForeignKey("upload.id"), nullable=False, index=True),
    Column("sample_id", ForeignKey("sample.id"), nullable=False, index=True),
    Column("kind", String(40), nullable=False),
    Column("format", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("code_version", String(40), nullable=False),
    Column("given", Json, nullable=False),
    Column("flags", Json, nullable=False),
    Column("details", Json, nullable=False),
    Column("figure", Text),
    *recorded_columns(),
    Index(None, "campaign_id"),
)

derivation_file = Table(
    "derivation_file",
    metadata,
    Column("derivation_id", ForeignKey("derivation.id"), primary_key=True),
    Column("sha256", ForeignKey("raw_file.sha256"), primary_key=True),
)

derived_value = Table(
    "derived_value",
    metadata,
    Column("measurement_id", ForeignKey("measurement.id"), primary_key=True),
    Column("derivation_id", ForeignKey("derivation.id"), nullable=False, index=True),
)

__all__ = ["derivation", "derivation_file", "derived_value"]
