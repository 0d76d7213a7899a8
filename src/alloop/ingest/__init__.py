"""What comes in: tables recognised, matched to samples, validated and recorded whole or not at all."""

from alloop.ingest.cells import NotANumberError, Number, cell_text, fold, read_date, read_number
from alloop.ingest.context import (
    STATUSES,
    Conditions,
    ParsedDerivation,
    ParsedMeasurement,
    ParsedUpload,
    ResultsContext,
    conditions_of,
)
from alloop.ingest.dropped import Dropped, collect
from alloop.ingest.grid import Row, Table
from alloop.ingest.headings import split_unit
from alloop.ingest.recognise import read_file
from alloop.ingest.record import UploadReport, record_files, record_parsed, results_context
from alloop.ingest.results import parse_literature, parse_results
from alloop.ingest.tables import Columns, read_columns, read_table

__all__ = [
    "STATUSES",
    "Columns",
    "Conditions",
    "Dropped",
    "NotANumberError",
    "Number",
    "ParsedDerivation",
    "ParsedMeasurement",
    "ParsedUpload",
    "ResultsContext",
    "Row",
    "Table",
    "UploadReport",
    "cell_text",
    "collect",
    "conditions_of",
    "fold",
    "parse_literature",
    "parse_results",
    "read_columns",
    "read_date",
    "read_file",
    "read_number",
    "read_table",
    "record_files",
    "record_parsed",
    "results_context",
    "split_unit",
]
