"""The literature tables of the campaigns: their format, their qualifiers and the facts behind them."""

import csv
from collections import Counter
from pathlib import Path

import pytest

from alloop.chemistry import composition_key, parse_formula
from alloop.properties import PROPERTIES

ROOT = Path(__file__).parents[2]
TABLES = sorted((ROOT / "campaigns" / "literature").glob("*.csv"))
FACTS = ROOT.parent / "shared" / "data" / "literature.csv"
HEADER = "formula,property,value,unit,bound,temperature_C,kind,phase,qualifier,source"
EXACT, BOUNDS = {"point", "approx"}, {"gt": "above", "lt": "below"}
IN_FACTS = {
    "ionic_conductivity": "ionic_conductivity_S_per_cm",
    "activation_energy": "activation_energy_eV",
    "electronic_conductivity": "electronic_conductivity_S_per_cm",
    "critical_current_density": "critical_current_density_mA_per_cm2",
    "oxidation_limit": "oxidation_limit_V",
}


def rows_of(table: Path) -> list[dict[str, str]]:
    with table.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.parametrize("table", TABLES, ids=lambda path: path.stem)
class TestEachTable:
    def test_columns_are_those_of_the_interface(self, table: Path) -> None:
        assert ",".join(rows_of(table)[0]) == HEADER

    def test_every_row_is_readable_and_plausible(self, table: Path) -> None:
        for row in rows_of(table):
            entry = PROPERTIES[row["property"]]
            assert row["unit"] == entry.unit
            assert entry.low <= float(row["value"]) <= entry.high
            assert "Li" in parse_formula(row["formula"])
            assert row["temperature_C"] == "" or -100 <= float(row["temperature_C"]) <= 500
            assert row["kind"] in {"", "total", "bulk"}

    def test_bounds_stay_bounds(self, table: Path) -> None:
        for row in rows_of(table):
            assert row["bound"] == BOUNDS.get(row["qualifier"], "exact")

    def test_every_row_names_its_source(self, table: Path) -> None:
        assert all(len(row["source"]) > 40 for row in rows_of(table))


def test_there_is_a_table_for_each_campaign() -> None:
    assert [table.stem for table in TABLES] == ["argyrodites", "garnets", "halides"]


def test_the_readme_counts_what_is_there() -> None:
    readme = (ROOT / "campaigns" / "literature" / "README.md").read_text(encoding="utf-8")
    for table in TABLES:
        rows = rows_of(table)
        measured = sum(row["qualifier"] in EXACT for row in rows)
        line = next(line for line in readme.splitlines() if line.startswith(f"| `{table.name}`"))
        assert [cell.strip() for cell in line.split("|")[3:5]] == [str(len(rows)), str(measured)]


@pytest.mark.skipif(not FACTS.exists(), reason="../shared is not there")
def test_values_and_qualifiers_are_those_of_the_facts() -> None:
    known: Counter[tuple[str, str, float, str]] = Counter()
    with FACTS.open(encoding="utf-8", newline="") as file:
        for fact in csv.DictReader(file):
            formula = fact["formula"].replace("0.6667", "2/3").replace("0.3333", "1/3")
            for name, column in IN_FACTS.items():
                if fact[column]:
                    qualifier = fact["qualifier"] if name != "oxidation_limit" else ""
                    key = composition_key(parse_formula(formula))
                    known[key, name, float(fact[column]), qualifier] += 1
    for table in TABLES:
        for row in rows_of(table):
            if row["property"] in IN_FACTS:
                qualifier = row["qualifier"] if row["property"] != "oxidation_limit" else ""
                key = composition_key(parse_formula(row["formula"]))
                found = known[key, row["property"], float(row["value"]), qualifier]
                assert found > 0, f"{table.name}: {row['formula']} {row['property']} {row['value']}"
