"""Long results tables: a row per value."""

from __future__ import annotations

from datetime import UTC, datetime

from ingest_builders import PLATE, only, results, said

S = PLATE
HEAD = "sample,property,value,unit,temperature_C,kind,uncertainty,method,measured_at,file,supersedes\n"


def test_every_field_of_a_row_is_kept() -> None:
    row = only(HEAD + f"{S}-B7,ionic_conductivity,1.2,mS/cm,30,bulk,0.1,EIS,31.12.2026 14:30,b7.mpr,\n")
    assert (row.sample, row.property, row.value, row.uncertainty) == (
        f"{S}-B07",
        "ionic_conductivity",
        0.0012,
        0.0001,
    )
    assert (row.temperature_C, row.kind, row.method) == (30.0, "bulk", "EIS")
    assert row.measured_at == datetime(2026, 12, 31, 14, 30, tzinfo=UTC)
    assert row.conditions == {"file": "b7.mpr"}
    assert row.place == "r.csv, row 2, column 'value'"


def test_properties_by_synonym_and_units_row_by_row() -> None:
    parsed = results(
        HEAD
        + f"{S}-A1,Ea,300,meV,,,,,,,\n"
        + f"{S}-A1,CCD,>1.5,mA/cm2,25,,,,,,\n"
        + f"{S}-A1,activation energy,0.3,eV,,,,,,,\n"
    ).checked()
    assert [(one.row.property, one.row.value, one.row.bound) for one in parsed.measurements] == [
        ("activation_energy", 0.3, "exact"),
        ("critical_current_density", 1.5, "above"),
        ("activation_energy", 0.3, "exact"),
    ]


def test_wrong_rows_are_all_named() -> None:
    parsed = results(
        HEAD
        + f"{S}-A1,ionic_conductivity,5,cm² s⁻¹,25,total,,,,,\n"
        + f"{S}-A2,ionic_conductivity,5,cm² s⁻¹,25,total,,,,,\n"
        + f"{S}-A3,ionic_conductvity,5,mS/cm,25,total,,,,,\n"
        + f"{S}-A4,,5,mS/cm,25,total,,,,,\n"
        + f"{S}-A5,ionic_conductivity,5,,25,total,,,,,\n"
        + f"{S}-A6,ionic_conductivity,5,mS/cm,warm,surface,,,05/06/2026,,perhaps\n"
    )
    text = said(parsed)
    for message in (
        "row 2, column 'value': cm^2/s is an area per time",
        "row 3, column 'value': cm^2/s is an area per time",
        "row 4, column 'property': unknown property 'ionic_conductvity'; did you mean ionic_conductivity",
        "row 5, column 'property': the row names no property",
        "row 6, column 'value': ionic_conductivity has no unit",
        "row 7, column 'temperature_C': 'warm' is not a number",
        "row 7, column 'kind': 'surface' is no kind of conductivity",
        "row 7, column 'measured_at': '05/06/2026' is no date, or one that can be read in two ways",
        "row 7, column 'supersedes': 'perhaps' names no value",
    ):
        assert message in text


def test_a_status_may_be_about_one_property() -> None:
    parsed = results(
        "sample,property,value,unit,status\n"
        + f"{S}-A1,electronic_conductivity,,S/cm,shorted\n"
        + f"{S}-A2,electronic_conductivity,1e-9,S/cm,shorted\n"
    ).checked()
    assert [(row.property, row.status) for row in parsed.statuses] == [
        ("electronic_conductivity", "shorted")
    ] * 2
    assert [one.row.doubt for one in parsed.measurements] == ["retracted"]


def test_what_supersedes_is_said_by_the_row() -> None:
    parsed = results(
        HEAD
        + f"{S}-A1,Ea,0.3,eV,,,,,,,yes\n"
        + f"{S}-A2,Ea,0.3,eV,,,,,,,12\n"
        + f"{S}-A3,Ea,0.3,eV,,,,,,,\n"
        + f"{S}-A4,Ea,0.3,eV,,,,,,,no\n"
    ).checked()
    assert [one.supersedes for one in parsed.measurements] == ["previous", "12", "", ""]


def test_mixed_forms_are_refused() -> None:
    mixed = results(f"sample,property,value,unit,Ea [eV]\n{S}-A1,density,2,g/cm3,0.3\n")
    assert "use one form: a row per value, or a column per property" in said(mixed)
    assert "none called 'value'" in said(results(f"sample,property,Ea [eV]\n{S}-A1,density,0.3\n"))
    assert "none called 'property'" in said(results(f"sample,value,unit\n{S}-A1,0.3,eV\n"))
