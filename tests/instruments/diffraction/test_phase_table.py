"""Phase tables in the dialects that laboratories use."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alloop.errors import InstrumentError
from alloop.instruments.diffraction import read_phase_table
from alloop.instruments.readers.content import Content

EXPECTED = (("Li2ZrO3", "15", 0.832), ("ZrO2", "14", 0.168))


def _read(text: str):  # type: ignore[no-untyped-def]
    return read_phase_table(Content(text.encode(), "table"))


@pytest.mark.parametrize(
    "text",
    [
        "Li2ZrO3_15, 83.2\nZrO2_14, 16.8\n",
        "# from the refinement\nLi2ZrO3_15\t0.832\nZrO2_14\t0.168",
        "phase,weight fraction\nLi2ZrO3_15,0.832\nZrO2_14,0.168",
        "Phase;Space group;wt%\nLi2ZrO3;15;83,2\nZrO2;14;16,8",
        "formula_spacegroup|wt%\nLi2ZrO3_15|83.2\nZrO2_14|16.8",
        "Li2ZrO3_15: 83.2 %\nZrO2_14: 16.8 %",
        "Li2ZrO3_15   83.2(5)\nZrO2_14   16.8(5)",
        "Li2ZrO3 (15), 83.2 ± 0.4 wt%\nZrO2 (14), 16.8 ± 0.4 wt%",
        '{"Li2ZrO3_15": 83.2, "ZrO2_14": 16.8}',
        '{"products": ["Li2ZrO3_15", "ZrO2_14"], "product weight fractions": [0.832, 0.168]}',
        '{"Experimental Phases": ["Li2ZrO3_15", "ZrO2_14"], "Experimental weight fractions": [83.2, 16.8]}',
        '[{"phase": "Li2ZrO3_15", "wt%": 83.2}, {"phase": "ZrO2_14", "wt%": 16.8}]',
        '[["Li2ZrO3_15", 83.2], ["ZrO2_14", 16.8]]',
    ],
)
def test_dialects(text: str) -> None:
    table = _read(text)
    assert table is not None
    assert [(name, group, round(weight, 6)) for name, group, weight in table.phases] == list(EXPECTED)
    assert table.flags == ()
    assert table.fraction_of("Li2ZrO3") == pytest.approx(0.832)
    assert table.fraction_of("zro2_14") == pytest.approx(0.168)
    assert table.fraction_of("Li2O") == 0.0


def test_a_sum_near_to_100_is_normalised_and_another_is_flagged() -> None:
    near = _read("NiO_225, 60.5\nZnO_186, 40.0")
    assert near.phases[0][2] == pytest.approx(60.5 / 100.5)
    assert near.flags == ()
    short = _read("NiO_225, 60\nZnO_186, 20")
    assert [flag.name for flag in short.flags] == ["fractions_do_not_sum"]
    assert short.flags[0].severity == "doubt"
    assert short.phases[0][2] == pytest.approx(0.6)


def test_a_row_without_a_number_is_named() -> None:
    with pytest.raises(InstrumentError, match="line 3"):
        _read("phase,wt%\nNiO,60\nZnO,?\n")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "10.0 443\n10.01 431\n10.02 429\n",
        "freq/Hz,Z',Z''\n1,2,3\n",
        "sample,conductivity\nA1,0.001\n",
        '{"a": 1}',
        "{not json",
        "just words\nand more words",
        '[{"x": 1}]',
    ],
)
def test_other_files_are_none(text: str) -> None:
    assert _read(text) is None


@given(
    st.lists(st.floats(0.5, 50.0), min_size=1, max_size=6),
    st.sampled_from([", ", "\t", ";"]),
    st.booleans(),
)
def test_fractions_sum_to_one_in_any_dialect(weights: list[float], delimiter: str, per_cent: bool) -> None:
    names = ["NiO", "ZnO", "TiO2", "V2O5", "Li2CO3", "ZrO2"]
    scale = (100.0 if per_cent else 1.0) / sum(weights)
    lines = [f"{name}_1{delimiter}{weight * scale:.6f}" for name, weight in zip(names, weights, strict=False)]
    table = _read("\n".join(lines))
    assert sum(weight for _, _, weight in table.phases) == pytest.approx(1.0)


@given(st.binary(max_size=400))
def test_any_bytes_are_a_table_or_not(data: bytes) -> None:
    try:
        read_phase_table(Content(data, "any"))
    except InstrumentError as error:
        assert error.problems[0].mend  # noqa: PT017  either outcome is right
