"""What comes in: tables recognised, matched to samples, validated and recorded whole or not at all."""

from alloop.ingest.tables import Columns, read_columns, read_table

__all__ = ["Columns", "read_columns", "read_table"]
