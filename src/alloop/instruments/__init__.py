"""What a file says: instrument files to property values; knows no database."""

from alloop.instruments.evaluation import DerivedValue, Evaluation, Flag, Given
from alloop.instruments.recording import Geometry, Pattern, Recording, Spectrum, Trace

__all__ = [
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
