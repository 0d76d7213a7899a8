"""BioLogic binary files (.mpr), through the optional package galvani."""

from __future__ import annotations

import importlib
import io
from dataclasses import replace
from datetime import datetime
from typing import Any

import numpy as np

from alloop.errors import InstrumentError
from alloop.instruments.readers.assemble import Source, recording_of
from alloop.instruments.readers.content import Content
from alloop.instruments.readers.headings import read_heading
from alloop.instruments.readers.limits import check_shape
from alloop.instruments.readers.tables import Table
from alloop.instruments.recording import Recording


def is_biologic_binary(content: Content) -> bool:
    """Whether a file begins as EC-Lab's binary files do."""
    return content.data.startswith(b"BIO-LOGIC MODULAR FILE")


def read_biologic_binary(content: Content) -> Recording:
    """The recording in a BioLogic .mpr file.

    Raises:
        InstrumentError: when galvani is not installed, or the file is damaged or newer than galvani knows.
    """
    file, remarks = _decoded(content)
    data = file.data
    names = data.dtype.names or ()
    headings = [read_heading(name) for name in names]
    used = [i for i, heading in enumerate(headings) if heading.quantity]
    check_shape(len(data), len(used), content.name)
    values = np.array([data[names[i]] for i in used], dtype=np.float64).reshape(len(used), len(data)).T
    table = Table(tuple(headings[i] for i in used), values)
    started: datetime | None = getattr(file, "timestamp", None)
    source = Source("BioLogic .mpr", content.name, remarks=remarks)
    recording = recording_of(table, source)
    if started is None:
        return recording
    return replace(recording, measured_at=started.replace(microsecond=0))


def _decoded(content: Content) -> tuple[Any, tuple[str, ...]]:
    try:
        galvani = importlib.import_module("galvani.BioLogic")
    except ImportError:
        raise InstrumentError(
            "this is a binary BioLogic file, and the package that reads it is not installed",
            "export it as text (.mpt) from EC-Lab, or run pip install 'alloop[mpr]'",
            content.name,
        ) from None
    # galvani looks for the time stamp last: when only that fails, the numbers are there and whole.
    file = galvani.MPRfile.__new__(galvani.MPRfile)
    try:
        file.__init__(io.BytesIO(content.data))
    except Exception as error:
        # galvani lets through whatever a damaged or unknown layout makes numpy and Python raise.
        data, points = getattr(file, "data", None), getattr(file, "npts", None)
        if data is None or points is None or len(data) != int(points[0]):
            why = " ".join(str(error).split())[:120] or type(error).__name__
            raise InstrumentError(
                f"the binary BioLogic file is damaged or of a version that is not known ({why})",
                "export it as text (.mpt) from EC-Lab",
                content.name,
            ) from error
        return file, ("the time of the measurement could not be read",)
    return file, ()
