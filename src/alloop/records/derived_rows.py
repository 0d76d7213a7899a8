"""What was made of instrument files, as the records hand it out and take it in."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from alloop.records.rows import Recorded


@dataclass(frozen=True, kw_only=True)
class DerivationRow(Recorded):
    """How values were derived from the files (`files`: their sha256) of one sample, or why none were.

    `kind` says what was measured, `format` of which kind the files are, `model` which model was chosen, by which
    version of alloop. `given` is what was known besides the files (geometry, conditions), so that the same can be
    done again; `flags` are the doubts (each with name, words and severity), `figure` is an SVG of data and fit.
    `values` are the ids of the measurements that came of it.
    """

    campaign: str
    sample: str
    files: tuple[str, ...] = ()
    kind: str = ""
    format: str = ""
    model: str = ""
    code_version: str = ""
    given: Mapping[str, Any] = field(default_factory=dict)
    flags: tuple[Mapping[str, str], ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)
    figure: str | None = None
    values: tuple[int, ...] = ()
    upload_id: int = 0
    id: int = 0


__all__ = ["DerivationRow"]
