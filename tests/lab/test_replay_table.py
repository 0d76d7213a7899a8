"""Tables of measured materials as pools, and the laboratory that answers from them."""

from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from alloop.errors import UploadError, UserError
from alloop.lab.replay_lab import ReplayLaboratory
from alloop.lab.replay_table import ReplayTable, load_replay
from alloop.planning import Objective
from alloop.space import FeatureMap, Setting

SHARED = Path(__file__).parents[2].parent / "shared"
OBELIX = SHARED / "data" / "conductivity" / "obelix_all.csv"
OBELIX_COLUMNS = {"formula": "True Composition", "ionic_conductivity": "Ionic conductivity (S cm-1)"}
CONDUCTIVITY = Objective("ionic_conductivity", "maximize", "log10", "S/cm", temperature_C=25.0)
OXIDATION = Objective("oxidation_limit", "maximize", "linear", "V")
HEAT = Setting("anneal_temperature", "degC", (Fraction(300), Fraction(400)), "plate")


def load(
    folder: Path,
    text: str,
    columns: dict[str, str] | None = None,
    objectives: tuple[Objective, ...] = (CONDUCTIVITY,),
    settings: tuple[Setting, ...] = (),
) -> ReplayTable:
    path = folder / "table.csv"
    path.write_text(text)
    return load_replay(path, columns or {}, objectives, settings, "Li+")


def test_rows_of_one_composition_are_one_candidate_with_the_median(tmp_path: Path) -> None:
    table = load(
        tmp_path,
        "formula,ionic_conductivity [mS/cm]\nLi2MgCl4,1\nLi4Mg2Cl8,0.1\nLi2.00002Mg1Cl4,10\nLi3InCl6,2\n",
    )
    assert len(table) == 2
    host, indium = (table.find(table.space.candidate(rank)) for rank in range(2))
    np.testing.assert_allclose(table.values["ionic_conductivity"][[host, indium]], [-3.0, np.log10(0.002)])
    assert "2 distinct candidates" in table.warnings[0]


def test_most_rows_decide_whether_it_is_a_bound(tmp_path: Path) -> None:
    rows = "Li2MgCl4,<1e-9\nLi2MgCl4,<1e-7\nLi2MgCl4,1e-6\nLi3InCl6,<1e-9\nLi3InCl6,1e-8\nLi3YCl6,>1e-3\n"
    table = load(tmp_path, f"formula,ionic_conductivity [S/cm]\n{rows}")
    np.testing.assert_array_equal(table.bounds["ionic_conductivity"], [-1, 0, 1])
    np.testing.assert_allclose(table.values["ionic_conductivity"], [-7.0, -8.5, -3.0])


def test_settings_tell_candidates_apart(tmp_path: Path) -> None:
    rows = "Li2MgCl4,300,1e-5\nLi2MgCl4,400,1e-4\nLi2MgCl4,400.0,1e-4\nLi2MgCl4,,1e-6\nLi3InCl6,300,1e-3\n"
    text = f"formula,anneal [degC],sigma\n{rows}"
    columns = {"anneal_temperature": "anneal [degC]", "ionic_conductivity": "sigma"}
    table = load(tmp_path, text, columns, settings=(HEAT,))
    assert len(table) == 4
    assert {c.process["anneal_temperature"] for c in map(table.space.candidate, range(3))} == {300, 400, None}
    np.testing.assert_allclose(table.values["ionic_conductivity"], [-5.0, -4.0, -6.0, -3.0])
    without = load(tmp_path, text, {"ionic_conductivity": "sigma"}, settings=(HEAT,))
    assert len(without) == 2


def test_rows_without_every_objective_are_left_out_and_counted(tmp_path: Path) -> None:
    text = "formula,ionic_conductivity [S/cm],oxidation_limit [V]\nLi2MgCl4,1e-5,4\nLi3InCl6,1e-4,\nLi3YCl6,1e-4,4.2\n"
    table = load(tmp_path, text, objectives=(CONDUCTIVITY, OXIDATION))
    assert len(table) == 2
    assert "1 rows without a value of every objective are left out" in table.warnings
    assert load(tmp_path, text, objectives=(CONDUCTIVITY,)).space.size == 3


def test_formulas_that_are_not_neutral_are_kept_and_said(tmp_path: Path) -> None:
    table = load(tmp_path, "formula,ionic_conductivity [S/cm]\nLi2La3Zr2O12,1e-4\nLi7La3Zr2O12,1e-4\n")
    assert len(table) == 2
    assert "1 rows have a formula that is not neutral" in " ".join(table.warnings)


@pytest.mark.parametrize(
    ("text", "columns", "says"),
    [
        ("", {}, "table.csv: the file is empty"),
        ("formula,ionic_conductivity [S/cm]\n", {}, "fewer than two rows"),
        ("a,b\n1,2\n", {}, "no column for formula; add --column formula=HEADING; headings are: a, b"),
        ("formula,b\nLi2MgCl4,2\n", {}, "no column for ionic_conductivity; add --column ionic_conductivity="),
        ("formula,b\nLi2MgCl4,2\n", {"ionic_conductivity": "sigma"}, "there is no column 'sigma'"),
        ("formula,b\nLi2MgCl4,2\n", {"density": "b"}, "'density' is no column to map; use one of formula, ionic"),
        ("formula,ionic_conductivity [S/cm]\nXq2,1\n,1e-4\n", {}, "row 2: formula 'Xq2', position 1: unknown element"),
        ("formula,ionic_conductivity [S/cm]\nXq2,1\n,1e-4\n", {}, "row 3: the formula is empty"),
        ("formula,ionic_conductivity [S/cm]\nLi2MgCl4,0\nLi3InCl6,1e-4\n", {}, "row 2, column .* has no logarithm"),
        ("formula,ionic_conductivity [S/cm]\nLi2MgCl4,high\nLi3InCl6,1e-4\n", {}, "'high'"),
        ("formula,ionic_conductivity [cm2/s]\nLi2MgCl4,1\nLi3InCl6,1e-4\n", {}, "area per time, not a conductivity"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said(tmp_path: Path, text: str, columns: dict[str, str], says: str) -> None:
    with pytest.raises(UserError, match=says):
        load(tmp_path, text, columns)


def test_the_laboratory_answers_with_the_table(tmp_path: Path) -> None:
    text = "formula,ionic_conductivity [S/cm]\nLi2MgCl4,1e-5\nLi3InCl6,<1e-9\n"
    table = load(tmp_path, text)
    laboratory = ReplayLaboratory(table)
    wells = {f"A0{rank + 1}": table.space.candidate(rank) for rank in range(2)}
    answer = laboratory.measure("OLD-001", wells)
    assert answer["sample"].tolist() == ["OLD-001-A01", "OLD-001-A02"]
    cells = answer["ionic_conductivity [S/cm]"].tolist()
    assert float(cells[0]) == pytest.approx(1e-5)
    assert cells[1].startswith("<")
    assert float(cells[1][1:]) == pytest.approx(1e-9)
    assert set(answer["temperature_C"]) == {"25"}
    assert set(answer["status"]) == {"ok"}
    assert len(laboratory.measure("OLD-001", wells, "late")) == 0
    scaled = replace(wells["A01"], elements=tuple((e, 2 * n) for e, n in wells["A01"].elements))
    assert len(laboratory.measure("OLD-001", {"A01": scaled})) == 1
    strange = replace(wells["A01"], elements=(("Na", Fraction(1)), ("Cl", Fraction(1))), formula="NaCl")
    with pytest.raises(UserError, match=r"well B01: NaCl was never measured in table\.csv"):
        laboratory.measure("OLD-001", {"A01": wells["A01"], "B01": strange})


SPEED, DELAY = Setting("speed", "mm/s", ()), Setting("delay", "", ())
SCORE = Objective("score", "minimize", "linear", "1")


def test_a_table_of_settings_needs_no_formula(tmp_path: Path) -> None:
    text = "speed [cm/s];delay;Score\n1,5;a;0,3\n1,5;b;0,5\n2;a;0,7\n2;a;0,9\n"
    table = load(tmp_path, text, objectives=(SCORE,), settings=(SPEED, DELAY))
    assert len(table) == 3
    assert [table.space.candidate(rank).process for rank in range(3)] == [
        {"speed": 15, "delay": "a"}, {"speed": 15, "delay": "b"}, {"speed": 20, "delay": "a"}
    ]  # fmt: skip
    np.testing.assert_allclose(table.values["score"], [0.3, 0.5, 0.8])
    assert table.space.mobile_ion is None
    assert [table.find(table.space.candidate(rank)) for rank in range(3)] == [0, 1, 2]
    assert FeatureMap(table.space).of_block(table.space.decode(np.arange(3))).shape[0] == 3


def test_an_alloy_has_no_mobile_ion(tmp_path: Path) -> None:
    table = load(tmp_path, "formula,score\nAl0.5CoCr,1\nAlCoCr,2\n", objectives=(SCORE,))
    assert table.space.mobile_ion is None
    assert "not neutral" not in " ".join(table.warnings)


def test_what_failed_is_a_candidate_without_values(tmp_path: Path) -> None:
    rows = "Li2MgCl4,1e-5,ok\nLi3InCl6,,not_formed\nLi3InCl6,1e-4,\n"
    rows += "Li3YCl6,,cracked\nLi3YCl6,,not_formed\nLi3ScCl6,,lost\n"
    table = load(tmp_path, f"formula,ionic_conductivity [S/cm],Status\n{rows}")
    np.testing.assert_array_equal(table.formed, [True, True, False])
    np.testing.assert_allclose(table.values["ionic_conductivity"], [-5, -4, np.nan])
    assert "1 of them never formed" in table.warnings
    wells = {f"A0{rank + 1}": table.space.candidate(rank) for rank in range(3)}
    answer = ReplayLaboratory(table).measure("OLD-001", wells)
    assert answer["status"].tolist() == ["ok", "ok", "not_formed"]
    assert answer["ionic_conductivity [S/cm]"].tolist()[2] == ""
    other = f"formula,ionic_conductivity [S/cm],Status\n{rows}".replace("ok", "published")
    with pytest.raises(UploadError, match="row 2: 'published' is no status; use one of ok"):
        load(tmp_path, other, {"status": "Status"})
    assert len(load(tmp_path, other)) == 2  # the column says something else


def test_objectives_without_a_column_are_said(tmp_path: Path) -> None:
    text = "formula,ionic_conductivity [S/cm]\nLi2MgCl4,1e-5\nLi3InCl6,1e-4\n"
    table = load(tmp_path, text, objectives=(CONDUCTIVITY, OXIDATION))
    assert "no column for oxidation_limit: replayed without" in table.warnings


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "a,score\n1,2\n",
            "no column for formula and none for the settings speed, delay; add --column formula=",
        ),
        ("speed,score\n1,2\n1,3\n", "fewer than two rows have different settings and every objective"),
        ("speed [V],score\n1,2\n2,3\n", r"table\.csv, column 'speed \[V\]'"),
    ],
)
def test_what_is_wrong_with_a_table_of_settings_is_said(tmp_path: Path, text: str, says: str) -> None:
    with pytest.raises(UserError, match=says):
        load(tmp_path, text, objectives=(SCORE,), settings=(SPEED, DELAY))


@pytest.mark.skipif(not OBELIX.exists(), reason="../shared is not there: no measured electrolytes to read")
def test_measured_electrolytes_as_they_were_published() -> None:
    table = load_replay(OBELIX, OBELIX_COLUMNS, (CONDUCTIVITY,), (), "Li+")
    assert len(table) == 500  # what atomic fractions to 4 decimals tell apart
    values, bounds = table.values["ionic_conductivity"], table.bounds["ionic_conductivity"]
    assert np.isfinite(values).all()
    assert set(values[bounds == -1]) == {-10.0, -8.0}
    assert 20 < (bounds == -1).sum() <= 37
    assert values.max() > -2.0


@pytest.mark.skipif(not OBELIX.exists(), reason="../shared is not there: no measured electrolytes to read")
def test_a_wrong_heading_of_a_real_table_is_helped_with() -> None:
    with pytest.raises(UploadError, match="Ionic conductivity"):
        load_replay(
            OBELIX, {**OBELIX_COLUMNS, "ionic_conductivity": "Ionic conductivity"}, (CONDUCTIVITY,), (), "Li+"
        )
