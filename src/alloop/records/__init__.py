"""What happened: campaigns, plates, samples, results and the audit; stores, judges nothing.

`Records` needs SQLAlchemy and is imported when it is first asked for.
"""

from typing import TYPE_CHECKING, Any

from alloop.records.codec import Level, decode_amounts, decode_settings, encode_amounts, encode_settings
from alloop.records.derived_rows import DerivationRow
from alloop.records.labels import plate_id, sample_id, split_sample_id, well_label
from alloop.records.raw_files import sha256_of
from alloop.records.rows import (
    Bound,
    CampaignRow,
    Doubt,
    DoubtRow,
    EventRow,
    ExclusionRow,
    FileRow,
    MeasurementRow,
    Origin,
    PlanRow,
    PlateProgress,
    PlateRow,
    PredictionRow,
    PreparationRow,
    SampleRow,
    SnapshotRow,
    StatusRow,
    UploadRow,
    VersionRow,
    WellRow,
)
from alloop.records.short_rows import ShortPlate, ShortPrediction, ShortSample, ShortStatus, ShortValue
from alloop.records.states import (
    DROPPED_STATES,
    PENDING_STATES,
    PLATE_STATES,
    TRANSITIONS,
    check_editable,
    check_transition,
)

if TYPE_CHECKING:
    from alloop.records.reading import Reader
    from alloop.records.reading_base import without_collecting
    from alloop.records.store import Records
    from alloop.records.writing import Transaction

_LATE = {
    "Reader": "reading",
    "Records": "store",
    "Transaction": "writing",
    "without_collecting": "reading_base",
}


def __getattr__(name: str) -> Any:
    if name not in _LATE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_LATE[name]}"), name)


__all__ = [
    "DROPPED_STATES",
    "PENDING_STATES",
    "PLATE_STATES",
    "TRANSITIONS",
    "Bound",
    "CampaignRow",
    "DerivationRow",
    "Doubt",
    "DoubtRow",
    "EventRow",
    "ExclusionRow",
    "FileRow",
    "Level",
    "MeasurementRow",
    "Origin",
    "PlanRow",
    "PlateProgress",
    "PlateRow",
    "PredictionRow",
    "PreparationRow",
    "Reader",
    "Records",
    "SampleRow",
    "ShortPlate",
    "ShortPrediction",
    "ShortSample",
    "ShortStatus",
    "ShortValue",
    "SnapshotRow",
    "StatusRow",
    "Transaction",
    "UploadRow",
    "VersionRow",
    "WellRow",
    "check_editable",
    "check_transition",
    "decode_amounts",
    "decode_settings",
    "encode_amounts",
    "encode_settings",
    "plate_id",
    "sample_id",
    "sha256_of",
    "split_sample_id",
    "well_label",
    "without_collecting",
]
