"""Names of files as laboratories give them: the sample is found, or it is said why not."""

from __future__ import annotations

from fractions import Fraction

import pytest

from alloop.ingest.file_names import read_name
from alloop.records import SampleRow


def samples(*plates: str) -> dict[str, dict[str, SampleRow]]:
    return {
        plate: {
            f"{row}{column:02d}": SampleRow(
                id=f"{plate}-{row}{column:02d}",
                campaign="garnet",
                plate=plate,
                well=f"{row}{column:02d}",
                formula="Li7La3Zr2O12",
                elements={"Li": Fraction(7)},
            )
            for row in "ABCDEFGH"
            for column in range(1, 9)
        }
        for plate in plates
    }


TWO = samples("GARNET-003", "GARNET-004")


@pytest.mark.parametrize(
    "name",
    [
        "GARNET-003-B07.mpt",
        "garnet-003-b7.MPT",
        "GARN-003_B07.mpt",
        "GARNET_003_B07_60C.txt",
        "003_B07.z",
        "003-b7.csv",
        "plate3_B07.dta",
        "plate 3/B07.mpt",
        "GARNET-003/eis/B7.mpt",
        "GARNET-003.zip/B07_02_PEIS_C01.mpr",
        "GARNET-003_B07_02_PEIS_C04.mpt",
        "P3 well B07.xlsx",
        "20261121_GARNET-003_B07_run2.mpt",
        "GARNET-003\\B07.mpt",
    ],
)
def test_names_of_laboratories(name: str) -> None:
    found = read_name(name, TWO)
    assert found.sample is not None, found.what
    assert found.sample.id == "GARNET-003-B07"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("B07.mpt", "speaks of no plate, and several have samples"),
        ("GARNET-005_B07.mpt", "speaks of no plate"),
        ("GARNET-003.mpt", "speaks of no well of GARNET-003"),
        ("GARNET-003_K12.mpt", "speaks of no well of GARNET-003"),
        ("GARNET-003_B07_A01.mpt", "several wells (B07, A01)"),
        ("GARNET-003_GARNET-004_B07.mpt", "several plates"),
        ("sample_02_PEIS_C01.mpt", "speaks of no plate"),
    ],
)
def test_what_is_not_clear_is_said(name: str, why: str) -> None:
    found = read_name(name, TWO)
    assert found.sample is None
    assert why in found.what


def test_the_only_plate_need_not_be_named() -> None:
    found = read_name("B7.mpt", samples("GARNET-003"))
    assert found.sample is not None
    assert found.sample.id == "GARNET-003-B07"


def test_a_channel_is_no_well() -> None:
    assert read_name("pellet_02_PEIS_C01.mpt", samples("GARNET-003")).sample is None


@pytest.mark.parametrize(
    ("name", "temperature"),
    [
        ("GARNET-003_B07_60C.mpt", 60.0),
        ("GARNET-003_B07_-25degC.mpt", -25.0),
        ("GARNET-003_B07_333K.mpt", pytest.approx(59.85)),
        ("GARNET-003_B07_25C_60C.mpt", None),
        ("GARNET-003_B07.mpt", None),
        ("GARNET-003_C03.mpt", None),
        ("s04147-140deg.txt", 140.0),
        ("GARNET-003_B07_22.5C.mpt", 22.5),
    ],
)
def test_temperatures_in_names(name: str, temperature: float | None) -> None:
    assert read_name(name, TWO).temperature_C == temperature
