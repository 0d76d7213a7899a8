"""Wide results tables: a row per sample, a column per property."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ingest_builders import CONTEXT, PLATE, only, results, said, warned

from alloop.ingest import ResultsContext

S = PLATE


def test_values_bounds_empty_cells_and_conditions() -> None:
    parsed = results(
        "sample,ionic_conductivity [mS/cm],activation_energy [eV],li_stability [h],temperature_C,kind,"
        "thickness_mm,note\n"
        f"{S}-A1,1.2,0.31,>700,30,bulk,0.8,shiny\n"
        f"{S}-A2,<1e-6,,,30,total,,\n"
        f"{S}-A3,,,,,,,\n"
    ).checked()
    rows = [one.row for one in parsed.measurements]
    assert [
        (row.sample, row.property, row.value, row.bound, row.temperature_C, row.kind) for row in rows
    ] == [
        (f"{S}-A01", "ionic_conductivity", 0.0012, "exact", 30.0, "bulk"),
        (f"{S}-A01", "activation_energy", 0.31, "exact", 30.0, "bulk"),
        (f"{S}-A01", "li_stability", 700.0, "above", 30.0, None),
        (f"{S}-A02", "ionic_conductivity", 1e-9, "below", 30.0, "total"),
    ]
    assert rows[0].conditions == {"thickness_mm": 0.8, "note": "shiny"}
    assert rows[0].formula == "Li1.8Mg0.8In0.2Cl4"
    assert rows[0].origin == "laboratory"
    assert rows[0].settings["route"] == "milled"
    assert rows[3].place == "r.csv, row 3, column 'ionic_conductivity [mS/cm]'"
    assert parsed.warnings == ()


@pytest.mark.parametrize("well", ["A1", "A01", "a1", " a01 "])
@pytest.mark.parametrize("plate", [PLATE, PLATE.lower(), "3", "003"])
def test_wells_and_plates_in_any_spelling(well: str, plate: str) -> None:
    row = only(f"plate,well,activation_energy [eV]\n{plate},{well},0.3\n")
    assert row.sample == f"{PLATE}-A01"


@pytest.mark.parametrize(
    ("row", "message"),
    [
        (
            f"{S}-Z9,0.3",
            f"column 'sample': plate {S} has no sample in well Z09; its samples lie in A01 to H08",
        ),
        (f"{S}-77,0.3", "'77' is not a well; write its row letter and column number"),
        ("HALIDE-SPINEL-004-A1,0.3", "plate HALIDE-SPINEL-004 is proposed and has no samples"),
        ("HALIDE-SPINEL-009-A1,0.3", f"has no plate HALIDE-SPINEL-009; its plates are {S}"),
        ("garbage,0.3", "'garbage' is no sample of the campaign halide-spinel"),
        (",0.3", "the row names no sample"),
    ],
)
def test_unknown_samples_are_named(row: str, message: str) -> None:
    parsed = results(f"sample,activation_energy [eV]\n{row}\n")
    assert parsed.measurements == ()
    assert "r.csv, row 2" in said(parsed)
    assert message in said(parsed)


def test_sample_plate_and_well_must_agree() -> None:
    parsed = results(f"sample,plate,well,Ea [eV]\n{S}-A1,{S},A2,0.3\n")
    assert f"the row names {S}-A01 and {S}-A02" in said(parsed)


def test_units_are_converted_and_unusual_ones_warned_of() -> None:
    parsed = results(
        f"sample,ionic_conductivity [mS/m],kind,temperature [K]\n{S}-A1,5,total,298.15\n"
    ).checked()
    row = parsed.measurements[0].row
    assert (row.value, row.temperature_C) == (5e-5, 25.0)
    assert "mS/m is unusual for ionic_conductivity; converted (1 mS/m = 1e-05 S/cm)" in warned(parsed)


@pytest.mark.parametrize(
    ("heading", "message"),
    [
        ("ionic_conductivity [cm² s⁻¹]", "cm^2/s is an area per time, not a conductivity (S/cm)"),
        ("ionic_conductivity", "ionic_conductivity has no unit; write it, such as [S/cm]"),
        ("ionic_conductivity [ms/cm]", "did you mean mS/cm? capitals matter"),
        ("oxidation_limit [V vs Ag/AgCl]", "is stored against Li/Li+, not against Ag/AgCl"),
        ("thickness,activation_energy [eV]", "column 'thickness': the column has no unit"),
    ],
)
def test_wrong_units_are_said_once_per_column(heading: str, message: str) -> None:
    cells = ",1" * (heading.count(",") + 1)
    parsed = results(f"sample,{heading}\n{S}-A1{cells}\n{S}-A2{cells}\n")
    assert len([line for line in said(parsed).splitlines() if message in line]) == 1


def test_reference_electrodes_of_the_mobile_ion_are_read() -> None:
    for heading in ("oxidation_limit [V vs Li/Li+]", "oxidation limit (V vs. Li+/Li)", "oxidation_limit_V"):
        assert only(f"sample,{heading}\n{S}-A1,4.2\n").value == 4.2


@pytest.mark.parametrize(
    ("heading", "cell", "message"),
    [
        ("ionic_conductivity [S/cm]", "1.2", "if the unit is another, write it: [mS/cm] or [uS/cm] or [S/m]"),
        ("target_phase_fraction", "85", "85 is outside the plausible range of target_phase_fraction, 0 to 1"),
        (
            "ionic_conductivity [S/cm]",
            "0",
            "write a value below the detection limit as a bound, such as <1e-10",
        ),
        ("ionic_conductivity [S/cm]", "-1e-5", "ionic_conductivity is positive"),
        ("ionic_conductivity [S/cm]", "85%", "a percentage is no ionic_conductivity (S/cm)"),
        ("ionic_conductivity [S/cm]", "n.d.", "'n.d.' is not a number"),
        ("ionic_conductivity [S/cm]", "#DIV/0!", "an error that the spreadsheet computed"),
        ("ionic_conductivity [S/cm]", '"1,234"', "is unclear: 1234 or 1.234?"),
    ],
)
def test_implausible_cells_are_refused(heading: str, cell: str, message: str) -> None:
    parsed = results(f"sample,{heading}\n{S}-B7,{cell}\n")
    assert parsed.measurements == ()
    assert message in said(parsed)
    assert said(parsed).startswith(f"r.csv, row 2, column '{heading}'")


def test_percent_signs_in_cells() -> None:
    assert only(f"sample,target_phase_fraction\n{S}-A1,85%\n").value == 0.85
    assert only(f"sample,target_phase_fraction [wt%]\n{S}-A1,85%\n").value == 0.85
    assert only(f"sample,target_phase_fraction [wt%]\n{S}-A1,85\n").value == 0.85


def test_statuses_mean_what_they_say() -> None:
    parsed = results(
        "sample,ionic_conductivity [S/cm],critical_current_density [mA/cm2],temperature_C,kind,status,note\n"
        f"{S}-A1,1e-3,,25,total,ok,\n"
        f"{S}-A2,,,,,Not formed,melted\n"
        f"{S}-A3,1e-2,0.5,25,total,shorted,\n"
        f"{S}-A4,,,,,lost,\n"
    ).checked()
    assert [(row.sample[-3:], row.status, row.note) for row in parsed.statuses if row.sample] == [
        ("A01", "ok", ""),
        ("A02", "not_formed", "melted"),
        ("A03", "shorted", ""),
        ("A04", "lost", ""),
    ]
    doubts = {(one.row.property, one.row.value): one.row.doubt for one in parsed.measurements}
    assert doubts == {
        ("ionic_conductivity", 1e-3): "ok",
        ("ionic_conductivity", 1e-2): "retracted",
        ("critical_current_density", 0.5): "ok",
    }


def test_contradicting_and_unknown_statuses() -> None:
    parsed = results(f"sample,Ea [eV],status\n{S}-A1,0.3,not_measured\n{S}-A2,0.3,broken\n")
    assert "row 2, column 'Ea [eV]': the row has a value and the status not_measured" in said(parsed)
    assert "row 3, column 'status': 'broken' is no status; write ok, not_formed" in said(parsed)


def test_all_problems_are_listed_at_once() -> None:
    parsed = results(
        "sample,ionic_conductivity [S/cm],Ea [K],status,phases\n"
        f"{S}-A1,abc,1,weird,spinel 50\n"
        f"{S}-Z1,2,1,ok,\n"
    )
    assert len(parsed.problems) == 6
    for message in (
        "'abc' is not a number",
        "K is a temperature",
        "'weird' is no status",
        "add up to 50 wt%",
    ):
        assert message in said(parsed)
    for message in ("no sample in well Z01", "2 S/cm is outside the plausible range"):
        assert message in said(parsed)


def test_columns_nobody_knows() -> None:
    near = results(f"sample,ionic_conductvity [S/cm],Ea [eV]\n{S}-A1,1e-3,0.3\n")
    assert "unknown column; did you mean 'ionic_conductivity'?" in said(near)
    other = results(f"sample,operator,Ea [eV]\n{S}-A1,Ada,0.3\n").checked()
    assert "column 'operator': the column is not read" in warned(other)
    twice = results(f"sample,Ea [eV],activation_energy [meV]\n{S}-A1,0.3,300\n")
    assert "the columns 'Ea [eV]' and 'activation_energy [meV]' hold the same" in said(twice)
    loose = results(f"sample,Ea [eV],note\n{S}-A1,0.3,warm, and dry\n")
    assert "row 2: column 4 holds 'and dry' but has no heading" in said(loose)


def test_several_temperatures_and_kinds_in_headings() -> None:
    parsed = results(
        "sample,ionic_conductivity (25 °C) [S/cm],bulk conductivity at 60 °C [S/cm],sigma_total_S_per_cm\n"
        f"{S}-A1,1e-3,2e-3,3e-3\n"
    ).checked()
    assert [(one.row.value, one.row.temperature_C, one.row.kind) for one in parsed.measurements] == [
        (1e-3, 25.0, "total"),
        (2e-3, 60.0, "bulk"),
        (3e-3, 25.0, "total"),
    ]


def test_unstated_conditions_are_those_the_campaign_wants_with_a_warning() -> None:
    parsed = results(f"sample,ionic_conductivity [S/cm]\n{S}-A1,1e-3\n").checked()
    row = parsed.measurements[0].row
    assert (row.temperature_C, row.kind) == (25.0, "total")
    assert "the temperature of ionic_conductivity is not stated: taken as 25 °C" in warned(parsed)
    assert "the kind of ionic_conductivity is not stated: taken as total" in warned(parsed)
    silent = replace(CONTEXT, conditions={})
    assert only(f"sample,ionic_conductivity [S/cm]\n{S}-A1,1e-3\n", silent).temperature_C is None


def test_kelvin_under_a_heading_in_degrees_is_warned_of() -> None:
    parsed = results(f"sample,ionic_conductivity [S/cm],temperature_C\n{S}-A1,1e-3,298\n").checked()
    assert "298 °C looks like a temperature in kelvin" in warned(parsed)


@pytest.mark.parametrize(
    "cell", ["spinel Fd-3m 90; LiCl 10", "Spinel fd-3m: 90 wt%; LiCl (10 %)", "spinel 90; LiCl 10"]
)
def test_phases_give_the_target_fraction(cell: str) -> None:
    row = only(f"sample,phases\n{S}-A1,{cell}\n")
    assert (row.property, row.phase) == ("target_phase_fraction", cell)
    assert row.value == pytest.approx(0.9)


def test_amorphous_is_a_phase() -> None:
    text = f"sample,phases\n{S}-A1,spinel 60; LiCl 10; amorphous 30\n"
    values = {one.row.property: one.row.value for one in results(text).checked().measurements}
    assert values == pytest.approx({"amorphous_fraction": 0.3, "target_phase_fraction": 60 / 70})
    glass = replace(CONTEXT, amorphous_target=True, target_phases=())
    values = {one.row.property: one.row.value for one in results(text, glass).checked().measurements}
    assert values == pytest.approx({"amorphous_fraction": 0.3, "target_phase_fraction": 0.3})


def test_phases_without_amounts_or_target() -> None:
    named = results(f"sample,phases\n{S}-A1,spinel; LiCl\n").checked()
    assert named.measurements == ()
    assert named.statuses[0].note == "phases: spinel; LiCl"
    other = results(f"sample,phases\n{S}-A1,Li2ZrCl6 100\n").checked()
    assert other.measurements[0].row.value == 0.0
    assert "none of the phases is the target (spinel Fd-3m)" in warned(other)
    both = results(f"sample,phases,target_phase_fraction\n{S}-A1,spinel 90; LiCl 10,0.5\n").checked()
    assert [one.row.value for one in both.measurements] == [0.5]
    assert "the phases give target_phase_fraction 0.90, the row says 0.50" in warned(both)


def test_repeats_count_and_copies_are_warned_of() -> None:
    parsed = results(f"sample,Ea [eV]\n{S}-A1,0.30\n{S}-A1,0.31\n{S}-A01,0.3\n").checked()
    assert len(parsed.measurements) == 3
    assert warned(parsed).count("it repeats r.csv, row 2, column 'Ea [eV]'") == 1


def test_tables_without_content_are_refused() -> None:
    assert "no row of headings was found" in said(results("a,b\n1,2\n"))
    assert "the table has no column with values" in said(results(f"sample,note\n{S}-A1,x\n"))
    assert "the table has headings but no rows" in said(results("sample,Ea [eV]\n"))
    assert "a column of wells but none of plates" in said(results("well,Ea [eV]\nA1,0.3\n"))


def test_the_formula_of_a_sample_must_be_its_own() -> None:
    assert only(f"sample,formula,Ea [eV]\n{S}-A1,Li1.8In0.2Mg0.8Cl4,0.3\n").sample == f"{S}-A01"
    wrong = results(f"sample,formula,Ea [eV]\n{S}-A1,Li2MgCl4,0.3\n")
    assert f"{S}-A01 is Li1.8Mg0.8In0.2Cl4, not Li2MgCl4" in said(wrong)


def test_settings_of_samples_are_not_changed_by_results() -> None:
    same = results(f"sample,anneal_temperature,route,Ea [eV]\n{S}-A1,400.0,Milled,0.3\n").checked()
    assert same.warnings == ()
    other = results(f"sample,anneal_temperature,Ea [eV]\n{S}-A1,300,0.3\n").checked()
    assert "the plan of HALIDE-SPINEL-003-A01 says 400, the row says 300: it is not read" in warned(other)
    assert other.measurements[0].row.settings["anneal_temperature"] == 400


def test_uncertainties() -> None:
    assert only(f"sample,Ea [eV],uncertainty\n{S}-A1,0.3,0.01\n").uncertainty == 0.01
    assert only(f"sample,Ea [meV],Ea uncertainty [eV]\n{S}-A1,300,0.01\n").uncertainty == 0.01
    assert only(f"sample,Ea [meV]\n{S}-A1,300 ± 10\n").uncertainty == 0.01
    unclear = results(f"sample,Ea [eV],density [g/cm3],uncertainty\n{S}-A1,0.3,2,0.01\n")
    assert "it is not clear to which column the uncertainty belongs" in said(unclear)
    assert "'-1' is no uncertainty" in said(results(f"sample,Ea [eV],uncertainty\n{S}-A1,0.3,-1\n"))


def test_footers_are_passed_over_with_a_warning() -> None:
    parsed = results(f"sample,Ea [eV]\n{S}-A1,0.3\n\nMeasured by Ada,\n").checked()
    assert len(parsed.measurements) == 1


def test_a_campaign_without_plates() -> None:
    empty = ResultsContext("fresh")
    parsed = results("sample,Ea [eV]\nFRESH-001-A1,0.3\n", empty)
    assert "the campaign fresh has no plate FRESH-001; no plate of it was approved yet" in said(parsed)
