"""The benchmark of scaling out in small."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[2] / "benchmarks"))

import scale_out


def test_every_part_gives_the_same_on_other_processes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scale_out, "ROWS", 100)
    monkeypatch.setattr(scale_out, "SEEDS", 1)
    monkeypatch.setattr(scale_out, "FILES", 3)
    monkeypatch.setenv("ALLOOP_THREADS", "2")  # the benchmark sets it
    scale_out.main(["--candidates", "3e4", "--workers", "1", "--runner", "processes", "--json"])
    document = json.loads(capsys.readouterr().out)
    for name in ("screening", "backtests", "rederivations"):
        alone, other = document[name]
        assert alone["runner"] == "one thread of this process"
        assert alone["to_each_worker_MB"] == 0
        assert other["same_result"]
        assert other["results_MB"] > 0
        assert other["efficiency"] > 0
