"""What comes in: tables recognised, matched to samples, validated and recorded whole or not at all."""

from alloop.ingest.context import (
    STATUSES,
    Conditions,
    ParsedMeasurement,
    ParsedUpload,
    ResultsContext,
    conditions_of,
)
from alloop.ingest.record import UploadReport, record_parsed, record_tables, results_context
from alloop.ingest.results import parse_literature, parse_results
from alloop.ingest.tables import Columns, read_columns, read_table

__all__ = [
    "STATUSES",
    "Columns",
    "Conditions",
    "ParsedMeasurement",
    "ParsedUpload",
    "ResultsContext",
    "UploadReport",
    "conditions_of",
    "parse_literature",
    "parse_results",
    "read_columns",
    "read_table",
    "record_parsed",
    "record_tables",
    "results_context",
]
