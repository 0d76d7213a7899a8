from fractions import Fraction
from pathlib import Path

import pytest
from campaign_texts import parse, problems_of

SHARED = Path(__file__).parents[2].parent / "shared"

TABLE = """\
formula,anneal [degC],route,ionic_conductivity [S/cm]
Li6PS5Cl,550,milled,1e-3
Li6PS5Cl,450,milled,5e-4
Li6PS5Br,550,solution,1e-3
Li6PS5Br,550,solution,2e-3
Li5.5PS4.5Cl1.5,none,solution,
"""
POOL = """\
campaign: pool
space:
  pool: {table: candidates.csv, process: {anneal_temperature: "anneal [degC]"},
         measured: ["ionic_conductivity [S/cm]"]}
objectives: [{property: ionic_conductivity, goal: maximize}]
"""


@pytest.fixture
def table(tmp_path):
    path = tmp_path / "candidates.csv"
    path.write_text(TABLE)
    return path


def settings_of(space):
    return sorted(
        (
            (space.candidate(rank).formula, *space.candidate(rank).process.values())
            for rank in range(space.size)
        ),
        key=str,
    )


def test_rows_are_the_candidates_and_repeats_are_one(table, tmp_path):
    campaign = parse(POOL, tmp_path)
    space = campaign.space
    assert space.size == 4
    (setting,) = space.process.settings
    assert (setting.name, setting.unit, setting.levels) == ("anneal_temperature", "degC", (450, 550, None))
    assert campaign.mobile_ion == "Li+"


def test_columns_that_are_not_declared_are_no_inputs(table, tmp_path):
    short = POOL[: POOL.index("  pool:")] + "  pool: candidates.csv\n" + POOL[POOL.index("objectives") :]
    assert parse(short, tmp_path).space.size == 3


def test_a_declared_setting_takes_its_levels_from_the_column_of_its_name(table, tmp_path):
    table.write_text(TABLE.replace("anneal [degC]", "anneal_temperature [K]"))
    text = (
        "campaign: pool\nspace:\n  pool: candidates.csv\n  process:\n"
        "    - {name: anneal_temperature, unit: degC, shared_by: plate}\n    - {name: route}\n"
        "objectives: [{property: ionic_conductivity, goal: maximize}]\n"
    )
    temperature, route = parse(text, tmp_path).space.process.settings
    assert temperature.levels == (450 - Fraction("273.15"), 550 - Fraction("273.15"), None)
    assert temperature.shared_by == "plate"
    assert route.levels == ("milled", "solution")


def test_settings_with_levels_of_their_own_go_beside_the_table(table, tmp_path):
    process = "  process: [{name: milling_time, unit: h, levels: [1, 5]}]\nobjectives"
    assert parse(POOL.replace("objectives", process), tmp_path).space.size == 8


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("candidates.csv", "candidate.csv", "there is no file candidate.csv; did you mean 'candidates.csv'?"),
        ("anneal [degC]", "anneal [K]", "there is no column 'anneal [K]'"),
        ("table: candidates.csv", "table: candidates.csv, formula: composition", "no column 'composition'"),
        ('measured: ["ionic', 'measured: ["electronic', "there is no column"),
        (
            'measured: ["ionic_conductivity [S/cm]"',
            'measured: ["anneal [degC]"',
            "both an input and measured",
        ),
        ("table: candidates.csv, ", "", "'table' is missing"),
        ("objectives", "  limits: {max_dopants: 2}\nobjectives", "limits do not apply to a pool"),
        (
            "objectives",
            "  process: [{name: milling_time}]\nobjectives",
            "no columns hold the setting 'milling_time'",
        ),
        (
            "objectives",
            "  process: [{name: anneal_temperature, levels: [1]}]\nobjectives",
            "the levels of anneal_temperature stand in the pool's table",
        ),
    ],
)
def test_each_mistake_in_the_section_is_named(table, tmp_path, old, new, message):
    lines = problems_of(POOL.replace(old, new), tmp_path)
    assert any(message in line for line in lines), lines


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("Li6PS5Br,550,solution,1e-3", "Li6PS5Bx,550,solution,1e-3", "row 4, column 'formula'"),
        ("Li6PS5Br,550,solution,1e-3", ",550,solution,1e-3", "the formula is missing"),
        ("Li6PS5Br,550,solution,1e-3", "Li6PS5Br,,solution,1e-3", "the anneal_temperature is missing"),
        ("Li6PS5Br,550,solution,1e-3", "Li6PS5Br,hot,solution,1e-3", "row 4, column 'anneal [degC]'"),
        ("Li6PS5Br,550,solution,1e-3", "Li6PS5Br,<550,solution,1e-3", "'<550' is no setting"),
    ],
)
def test_each_cell_that_cannot_be_read_is_named(table, tmp_path, old, new, message):
    table.write_text(TABLE.replace(old, new))
    lines = problems_of(POOL, tmp_path)
    assert any(message in line for line in lines), lines


def test_an_empty_table_and_another_kind_of_file_are_refused(table, tmp_path):
    table.write_text("")
    assert "empty" in problems_of(POOL, tmp_path)[0]
    table.write_bytes(b"%PDF-1.7 \x00\x01")
    assert "PDF" in problems_of(POOL, tmp_path)[0]


@pytest.mark.skipif(not SHARED.exists(), reason="../shared is not there")
def test_a_table_of_measured_electrolytes_is_a_pool():
    text = (
        'campaign: obelix\nspace: {pool: {table: obelix_all.csv, formula: "True Composition"}}\n'
        "objectives: [{property: ionic_conductivity, goal: maximize}]\n"
    )
    space = parse(text, SHARED / "data" / "conductivity").space
    assert 400 < space.size < 599
