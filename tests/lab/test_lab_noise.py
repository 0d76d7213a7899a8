"""Noise of the synthetic laboratory: reproducible, plausible, and written as a laboratory writes it."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alloop.lab.noise import QUIET, NoiseModel, Scatter, cell_text, generator, is_late, measured, status_of
from alloop.properties import PROPERTIES

NAMES = st.text(alphabet="ABCH0123456789-", min_size=1, max_size=12)
MEASURED = sorted(name for name, entry in PROPERTIES.items() if not entry.computed)


@given(seed=st.integers(0, 2**32), plate=NAMES, well=NAMES)
@settings(max_examples=50, deadline=None)
def test_the_same_names_draw_the_same(seed: int, plate: str, well: str) -> None:
    assert generator(seed, plate, well).random() == generator(seed, plate, well).random()


def test_names_do_not_run_into_each_other() -> None:
    assert generator(0, "P-1", "1A").random() != generator(0, "P-11", "A").random()


@given(name=st.sampled_from(MEASURED), share=st.floats(0, 1), seed=st.integers(0, 1000))
@settings(max_examples=50, deadline=None)
def test_readings_stay_plausible(name: str, share: float, seed: int) -> None:
    entry, noise = PROPERTIES[name], NoiseModel()
    if entry.scale == "log10":
        truth = float(10 ** (np.log10(entry.low) + share * np.log10(entry.high / entry.low)))
    else:
        truth = entry.low + share * (entry.high - entry.low)
    value = measured(truth, name, noise.of(name, 1.0), noise, seed, "P-001", "A01")
    assert entry.low <= value <= entry.high


@given(value=st.floats(1e-15, 1.0))
@settings(max_examples=50, deadline=None)
def test_cells_read_back(value: float) -> None:
    text = cell_text(value, "ionic_conductivity", NoiseModel())
    if value < 1e-9:
        assert text == "<1e-9"
    else:
        assert float(text) == pytest.approx(value, rel=1e-3)


def test_wells_of_a_plate_share_its_offset() -> None:
    scatter, noise = Scatter(plate=1.0, pellet=0.0), QUIET
    values = {
        measured(1e-5, "ionic_conductivity", scatter, noise, 0, "P-001", well) for well in ("A01", "H08")
    }
    assert len(values) == 1
    assert values != {measured(1e-5, "ionic_conductivity", scatter, noise, 0, "P-002", "A01")}


def test_accidents_happen_as_often_as_said() -> None:
    noise = NoiseModel(cracked=0.2, shorted=0.0, lost=0.1)
    drawn = [status_of(noise, 0, f"P-{n}", "A01", formed=0.75) for n in range(4000)]
    assert drawn.count("lost") / 4000 == pytest.approx(0.1, abs=0.02)
    assert drawn.count("not_formed") / 4000 == pytest.approx(0.9 * 0.25, abs=0.03)
    assert drawn.count("cracked") / 4000 == pytest.approx(0.9 * 0.75 * 0.2, abs=0.03)
    assert "shorted" not in drawn


def test_slow_properties_always_come_late_and_quick_ones_never() -> None:
    noise = NoiseModel()
    wells = [f"{row}{column:02d}" for row in "ABCDEFGH" for column in range(1, 9)]
    late = {name: np.mean([is_late(noise, 0, "P-001", well, name) for well in wells]) for name in MEASURED}
    assert late["critical_current_density"] == 1.0
    assert late["ionic_conductivity"] == 0.0
    assert 0.1 < late["oxidation_limit"] < 0.5
