"""What a file says: instrument files to property values; knows no database."""

from alloop.instruments.evaluation import DerivedValue, Evaluation, Flag, Given
from alloop.instruments.recording import UNKNOWN_SIZE, Geometry, Pattern, Recording, Spectrum, Trace

__all__ = [
    "UNKNOWN_SIZE",
    "DerivedValue",
    "Evaluation",
    "Flag",
    "Geometry",
    "Given",
    "Pattern",
    "Recording",
    "Spectrum",
    "Trace",
]
