"""Rows without a sample: the laboratory's own history, and literature tables."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import pytest
from ingest_builders import CONTEXT, results, said, table, warned

from alloop.ingest import ParsedUpload, parse_literature

CAMPAIGNS = Path(__file__).parents[2] / "campaigns" / "literature"
HEAD = "formula,property,value,unit,bound,temperature_C,kind,phase,qualifier,source\n"


def literature(rows: str) -> ParsedUpload:
    return parse_literature([table(HEAD + rows, "lit.csv")], CONTEXT)


def test_history_rows_carry_their_settings() -> None:
    parsed = results(
        "formula,anneal_temperature [K],route,ionic_conductivity [S/cm],temperature_C,kind\n"
        "Li2MgCl4,673.15,Milled,1e-5,25,total\n"
        "Li1.8Mg0.8In0.2Cl4,none,,2e-5,25,total\n"
    ).checked()
    first, second = (one.row for one in parsed.measurements)
    assert (first.origin, first.sample, first.formula) == ("history", None, "Li2MgCl4")
    assert first.elements == {"Li": 2, "Mg": 1, "Cl": 4}
    assert first.settings == {"anneal_temperature": Fraction(400), "route": "milled"}
    assert second.settings == {"anneal_temperature": None}


def test_misprints_and_unknown_levels_are_refused_in_histories() -> None:
    parsed = results(
        "formula,anneal_temperature,route,Ea [eV]\n"
        "Li2La3Zr2O12,400,milled,0.3\n"
        "Li2MgXq4,400,milled,0.3\n"
        "Li2MgCl4,hot,melted,0.3\n"
    )
    text = said(parsed)
    assert (
        "row 2, column 'formula': the charges of Li2La3Zr2O12 do not balance (-5.00 e per formula unit)"
        in text
    )
    assert "row 3, column 'formula': formula 'Li2MgXq4'" in text
    assert "row 4, column 'anneal_temperature': 'hot' is not a number" in text
    assert "row 4, column 'route': 'melted' is no level of route; the levels are milled, solution" in text


def test_small_charges_are_only_warned_of() -> None:
    parsed = results("formula,Ea [eV]\nLi2.75Y0.16Er0.16Yb0.16In0.25Zr0.25Cl6,0.3\n").checked()
    assert parsed.measurements[0].row.doubt == "ok"
    assert "do not balance (-0.06 e per formula unit)" in warned(parsed)


def test_literature_keeps_bounds_and_doubts_what_is_no_point() -> None:
    parsed = literature(
        "Li3InCl6,ionic_conductivity,2e-3,S/cm,exact,25,,monoclinic,point,ref 1\n"
        "Li3InCl6,ionic_conductivity,2e-3,S/cm,,,total,,approx,ref 1\n"
        "Li3InCl6,ionic_conductivity,2e-3,S/cm,above,,,,gt,ref 1\n"
        "Li3InCl6,ionic_conductivity,<2e-3,S/cm,,,,,,ref 1\n"
        "Li3InCl6,ionic_conductivity,2e-3,S/cm,,,,,range_low,ref 1\n"
        "Li2La3Zr2O12,ionic_conductivity,2e-4,S/cm,,,,,point,ref 1\n"
        "Li3InCl6,ionic_conductivity,20,S/cm,,,,,point,ref 1\n"
        "Li3InCl6,ionic_conductivity,2e-3,S/cm,,,,,hearsay,ref 1\n"
    ).checked()
    rows = [one.row for one in parsed.measurements]
    assert {row.origin for row in rows} == {"literature"}
    assert [row.bound for row in rows] == ["exact", "exact", "above", "below", *["exact"] * 4]
    assert [row.doubt for row in rows] == ["ok"] * 4 + ["suspect"] * 4
    assert [row.temperature_C for row in rows[:2]] == [25.0, None]
    assert [row.kind for row in rows[:2]] == [None, "total"]
    assert (rows[0].phase, rows[0].source, rows[0].qualifier) == ("monoclinic", "ref 1", "point")
    assert rows[4].doubt_why == "range_low is not a measured single value"
    assert "do not balance" in (rows[5].doubt_why or "")
    assert "outside the plausible range" in (rows[6].doubt_why or "")
    assert "'hearsay' is no known qualifier" in warned(parsed)


def test_contradictions_and_missing_formulas_in_literature() -> None:
    parsed = literature(
        "Li3InCl6,ionic_conductivity,2e-3,S/cm,below,25,,,gt,ref 1\n"
        "Li3InCl6,ionic_conductivity,<2e-3,S/cm,above,25,,,,ref 1\n"
        ",ionic_conductivity,2e-3,S/cm,,25,,,,ref 1\n"
        "Li3InCl6,ionic_conductivity,2e-3,cm2/s,,25,,,,ref 1\n"
    )
    text = said(parsed)
    assert "row 2, column 'qualifier': the qualifier gt says above, the column 'bound' says below" in text
    assert "row 3, column 'value': the cell says below, the row says above" in text
    assert "row 4, column 'formula': the row has no formula" in text
    assert "row 5, column 'value': cm^2/s is an area per time" in text


@pytest.mark.parametrize("name", ["argyrodites", "garnets", "halides"])
def test_the_literature_of_the_campaigns_is_read(name: str) -> None:
    text = (CAMPAIGNS / f"{name}.csv").read_bytes()
    parsed = parse_literature([table(text, f"{name}.csv")], CONTEXT).checked()
    assert len(parsed.measurements) == len(text.decode().strip().splitlines()) - 1
    for one in parsed.measurements:
        if one.row.qualifier not in ("point", "approx", "gt", "lt"):
            assert one.row.doubt == "suspect"
