"""The impedance benchmark in small: its figures are there, and they are what it promises."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[3] / "benchmarks"))

import instruments_impedance
from synthetic_spectra import GOOD_KINDS, STRANGE_KINDS


def test_figures_in_small(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(instruments_impedance, "_seconds", lambda: {"spectra": 0})
    instruments_impedance.main(["--spectra", "2", "--json"])
    found = json.loads(capsys.readouterr().out)
    assert set(found["synthetic"]) == {*GOOD_KINDS, *STRANGE_KINDS}
    for kind in GOOD_KINDS:
        assert found["synthetic"][kind]["total"]["most_error_log10"] < 0.3
    for one in found["refused"].values():
        assert one["believed"] == 0
        assert one["right_reason"] == one["spectra"]
