"""Plans from a pool, whose rows may be misprinted."""

from __future__ import annotations

from pathlib import Path

from alloop import Campaign

_FILE = """
campaign: measured
space: {pool: pool.csv}
objectives: [{property: ionic_conductivity, temperature_C: 25, goal: maximize, scale: log10, unit: S/cm}]
plate: {rows: 2, columns: 4}
"""


def test_rows_that_are_not_neutral_are_never_proposed(tmp_path: Path) -> None:
    (tmp_path / "measured.yaml").write_text(_FILE)
    (tmp_path / "pool.csv").write_text("formula\nLi7La3Zr2O12\nLi2La3Zr2O12\nLi6PS5Cl\nLi3YCl6\nLi3InCl6\n")
    campaign = Campaign.open(tmp_path / "measured.yaml", home=tmp_path / "home")
    plate = campaign.plan()
    assert set(plate.wells["formula"]) == {"Li7La3Zr2O12", "Li6PS5Cl", "Li3YCl6", "Li3InCl6"}
    assert any("never proposed: 1" in line for line in plate.document["warnings"])
