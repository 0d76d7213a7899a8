"""Tables of the phases of one sample: the target's fraction, or why there is none."""

from __future__ import annotations

import pytest
from ingest_builders import CONTEXT, PLATE

from alloop.ingest.files import parse_files
from alloop.ingest.phase_files import evaluate_phases
from alloop.instruments.diffraction import PhaseTable, read_phase_table
from alloop.instruments.readers import Content

TABLE = "phase,space group,wt%\nspinel,Fd-3m,88.0\nLiCl,Fm-3m,7.0\nMgCl2,R-3m,5.0\n"


def phases(text: str = TABLE) -> PhaseTable:
    found = read_phase_table(Content(text.encode(), "B07.csv"))
    assert found is not None
    return found


def test_the_target_is_found_by_name_and_space_group() -> None:
    found = evaluate_phases(phases(), CONTEXT.target_phases, is_amorphous=False)
    values = {value.property: value.value for value in found.values if value.is_measurement}
    assert values == {"target_phase_fraction": pytest.approx(0.88)}
    shown = {value.conditions["phase"]: value.value for value in found.values if not value.is_measurement}
    assert shown["LiCl Fm-3m"] == pytest.approx(0.07)


def test_a_target_called_otherwise_gives_no_value() -> None:
    found = evaluate_phases(
        phases(TABLE.replace("spinel,Fd-3m", "Li2MgCl4,227")), CONTEXT.target_phases, is_amorphous=False
    )
    assert not [value for value in found.values if value.is_measurement]
    (flag,) = found.flags
    assert (flag.name, flag.severity) == ("target_not_named", "refusal")
    assert "spinel Fd-3m" in flag.words


def test_glass_is_what_is_wanted() -> None:
    found = evaluate_phases(phases("phase,wt%\nglass,92\nLi2S,8\n"), (), is_amorphous=True)
    values = {value.property: value.value for value in found.values if value.is_measurement}
    assert values["target_phase_fraction"] == pytest.approx(0.92)


def test_a_table_named_by_its_well_is_that_samples() -> None:
    parsed = parse_files([(f"{PLATE}_B07.csv", TABLE.encode())], CONTEXT).checked()
    (one,) = parsed.derived
    assert (one.row.sample, one.row.kind) == (f"{PLATE}-B07", "phase table")
    assert [(row.property, row.value) for row in one.values] == [
        ("target_phase_fraction", pytest.approx(0.88))
    ]


def test_a_results_table_with_a_column_of_phases_stays_one() -> None:
    text = f"sample,phases\n{PLATE}-B07,spinel Fd-3m 90; LiCl 10\n"
    parsed = parse_files([("results.csv", text.encode())], CONTEXT).checked()
    assert not parsed.derived
    assert [one.row.property for one in parsed.measurements] == ["target_phase_fraction"]


def test_a_results_table_with_phases_and_weights_stays_one() -> None:
    text = (
        "sample,target_phase_fraction [wt%],phases,status\n"
        f"{PLATE}-B07,90,spinel Fd-3m 90; LiCl 10,ok\n{PLATE}-B08,,,cracked\n"
    )
    parsed = parse_files([("results.csv", text.encode())], CONTEXT).checked()
    assert not parsed.derived
    assert [row.status for row in parsed.statuses] == ["ok", "cracked"]
