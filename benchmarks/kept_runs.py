"""Runs of the quality benchmark that are kept: one JSON file per pool and strategy, a line per seed, scores only."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Mapping
from functools import cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
_DECIDES = ("planning", "surrogate", "chemistry", "space", "lab/strategies.py")


class Kept:
    """The runs of one strategy on one pool; runs made with other data count as not there."""

    def __init__(self, folder: Path, pool: str, strategy: str, fingerprint: str) -> None:
        self._path = folder / f"{pool}.{strategy.replace(' ', '-')}.json"
        self._fingerprint = fingerprint

    def _read(self) -> dict[str, Any]:
        found = read_runs(self._path)
        return found if found.get("data") == self._fingerprint else {}

    def has(self, seed: int) -> bool:
        """Whether the run from this start is kept."""
        return str(seed) in self._read().get("runs", {})

    def add(
        self, seed: int, run: Mapping[str, Any], made_with: Mapping[str, str], about: Mapping[str, Any]
    ) -> None:
        """Keep a run; the file is replaced whole, so that a reader never sees half of it."""
        document = self._read() or {"data": self._fingerprint, **about, "runs": {}}
        document["runs"][str(seed)] = {**run, "made_with": dict(made_with)}
        runs = document.pop("runs")
        head = ",\n".join(f" {json.dumps(key)}: {json.dumps(value)}" for key, value in document.items())
        lines = ",\n".join(
            f"  {json.dumps(key)}: {json.dumps(runs[key], separators=(',', ':'))}"
            for key in sorted(runs, key=int)
        )
        self._path.parent.mkdir(parents=True, exist_ok=True)
        draft = self._path.with_suffix(f".{os.getpid()}.tmp")
        draft.write_text(f'{{\n{head},\n "runs": {{\n{lines}\n }}\n}}\n')
        os.replace(draft, self._path)


def read_runs(path: Path) -> dict[str, Any]:
    """A file of kept runs; empty when there is none."""
    found: dict[str, Any] = json.loads(path.read_text()) if path.exists() else {}
    return found


def load_runs(folder: Path, pool: str, strategy: str) -> dict[str, Any]:
    """The document of a pool and strategy from `folder`, else from the recorded results."""
    name = f"{pool}.{strategy.replace(' ', '-')}.json"
    return read_runs(folder / name) or read_runs(RESULTS / name)


@cache
def code_of_alloop() -> str:
    """A name of the code that decides a plan."""
    spec = find_spec("alloop")
    assert spec is not None
    assert spec.origin is not None
    root = Path(spec.origin).parent
    digest = hashlib.sha256()
    for part in _DECIDES:
        for path in sorted([root / part] if part.endswith(".py") else (root / part).rglob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()[:12]
