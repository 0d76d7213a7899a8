"""Roles, and the sections that refine an aim."""

from pathlib import Path

import pytest
from campaign_texts import SMALL
from campaign_texts import parse as parse_in
from campaign_texts import problems_of as problems_in

from alloop.campaign_file import CampaignFile
from alloop.campaign_file.details import AIM_OF_SEVERAL
from alloop.campaign_file.roles import ROLES
from alloop.planning.aims import FEASIBILITY
from alloop.properties import get_property


def parse(text: str) -> CampaignFile:
    return parse_in(text, Path())


def problems_of(text: str) -> str:
    return "\n".join(problems_in(text, Path()))


def without(text: str, *sections: str) -> str:
    """A file without some of its top-level sections."""
    kept, skipping = [], False
    for line in text.splitlines():
        if line and not line[0].isspace() and not line.startswith("-"):
            skipping = line.split(":")[0] in sections
        if not skipping:
            kept.append(line)
    return "\n".join(kept) + "\n"


BARE = without(SMALL, "objectives", "constraints", "aim", "observe")


@pytest.mark.parametrize("name", ROLES)
def test_a_role_fills_what_the_file_does_not_state(name: str) -> None:
    file = parse(f"{BARE}role: {name}\n")
    stated = {entry["property"] for entry in ROLES[name].sections["objectives"]}
    assert {aim.property for aim in file.objectives} == stated
    assert {limit.property for limit in file.constraints} == {
        entry["property"] for entry in ROLES[name].sections["constraints"]
    }
    assert file.aim == AIM_OF_SEVERAL
    assert ROLES[name].sources.keys() == {aim.property for aim in (*file.objectives, *file.constraints)}
    told = "\n".join(file.role_says)
    for aim in (*file.objectives, *file.constraints):
        assert aim.property in told
        assert not get_property(aim.property).computed
    for aim in file.objectives:
        assert aim.reference is not None
        assert aim.target is not None


def test_a_role_says_its_numbers_and_where_they_come_from() -> None:
    lines = parse(f"{BARE}role: separator\n").role_says
    assert (
        "role separator: maximize critical_current_density, reference 0.3 mA/cm^2, target 3 mA/cm^2 (3 to 10 mA/cm2 "
        "are needed, and most electrolytes never exceed 0.3, according to Famprikis et al., Nat. Mater. 18, 1278 "
        "(2019))"
    ) in lines
    assert lines[0].startswith(
        "role separator: maximize total ionic_conductivity at 25 °C, reference 1e-4 S/cm, "
    )
    assert any(line.startswith("role separator: keep relative_density at least 0.9 (") for line in lines)
    assert "role separator: observe li_stability" in lines
    sodium = parse(f"{BARE}role: separator\n".replace("Li+", "Na+").replace("LiCl", "NaCl"))
    assert any("those of lithium cells, and Na+ moves here" in line for line in sodium.warnings)


def test_what_a_file_states_itself_replaces_the_role() -> None:
    own = "objectives: [{property: oxidation_limit, goal: maximize, reference: 3.0}]\n"
    file = parse(f"{BARE}{own}role: catholyte\n")
    assert [aim.property for aim in file.objectives] == ["oxidation_limit"]
    assert file.constraints
    assert not any("oxidation_limit" in line for line in file.role_says)
    assert parse(SMALL).role_says == ()
    assert "not one of the choices" in problems_of(f"{BARE}role: cathode\n")


MAPPING = f"{BARE}role: catholyte\naim: {{map: 1.0}}\n"


def test_a_map_says_property_boundary_and_region() -> None:
    text = "map: {property: target_phase_fraction, boundary: 0.8, where: {In3+: [0.1, 0.4]}}\n"
    goal = parse(MAPPING + text).map_goal
    assert goal is not None
    assert (goal.property, goal.boundary) == ("target_phase_fraction", 0.8)
    assert goal.where == {"In3+": (0.1, 0.4)}
    assert parse(MAPPING).map_goal is None
    feasible = parse(f"{MAPPING}map: {{property: feasibility}}\n").map_goal
    assert feasible is not None
    assert feasible.property == FEASIBILITY
    unit = parse(f"{MAPPING}map: {{property: ionic_conductivity, boundary: 0.1, unit: mS/cm}}\n").map_goal
    assert unit is not None
    assert unit.boundary == pytest.approx(1e-4)


@pytest.mark.parametrize(
    ("section", "expected"),
    [
        ("map: {boundary: 0.8}", "a boundary needs a property"),
        ("map: {property: feasibility, boundary: 0.5}", "feasibility has no level"),
        ("map: {property: density}", "density is not measured in this campaign; add it: observe: [density]"),
        ("map: {property: densty}", "unknown property 'densty'"),
        (
            "map: {property: target_phase_fraction, boundary: 80}",
            "80 is outside what target_phase_fraction can be",
        ),
        ("map: {where: {Gd3+: [0, 1]}}", "the space has no Gd3+"),
        ("map: {where: {In3+: [0.4, 0.1]}}", "a region needs its lowest and highest value"),
        ("map: {where: {In3+: [0.4]}}", "a region needs its lowest and highest value"),
        ("hits: {fraction: 0.9}", "0.9 is no share of the best"),
        ("stopping: {gain_unit: objective}", "several objectives have no unit in common"),
    ],
)
def test_wrong_wishes_are_told(section: str, expected: str) -> None:
    assert expected in problems_of(f"{MAPPING}{section}\n")


def test_a_map_needs_a_share_of_the_aim() -> None:
    assert "'map' is no part of the aim" in problems_of(
        f"{BARE}role: catholyte\nmap: {{property: feasibility}}\n"
    )


def test_the_best_share_can_be_set_and_gives_way_to_targets() -> None:
    one = (
        "objectives: [{property: oxidation_limit, goal: maximize, reference: 3.0}]\nhits: {fraction: 0.05}\n"
    )
    file = parse(BARE + one)
    assert file.best_share == 0.05
    assert parse(SMALL).best_share == 0.1
    told = parse(f"{BARE}role: catholyte\nhits: {{fraction: 0.05}}\n")
    assert any("targets are stated" in line for line in told.warnings)


def test_a_single_objective_may_stop_in_its_own_unit() -> None:
    one = "objectives: [{property: oxidation_limit, goal: maximize, reference: 3.0}]\n"
    file = parse(f"{BARE}{one}stopping: {{min_gain: 0.05, gain_unit: objective}}\n")
    assert (file.stopping.min_gain, file.stopping.gain_unit) == (0.05, "objective")
    assert "nothing is a hit" in problems_of(f"{BARE}{one}stopping: {{gain_unit: hits}}\n")


def test_several_objectives_may_stop_in_hits() -> None:
    file = parse(f"{BARE}role: catholyte\nstopping: {{min_gain: 2, gain_unit: hits}}\n")
    assert (file.stopping.min_gain, file.stopping.gain_unit) == (2.0, "hits")
    mapping = parse(f"{BARE}role: catholyte\naim: {{map: 1}}\nstopping: {{gain_unit: hits}}\n")
    assert any("a plate that only maps is told by the doubt" in line for line in mapping.warnings)


PURE = "  - {property: target_phase_fraction, goal: maximize, reference: 0.2}\n"


@pytest.mark.parametrize(
    ("said", "scale"), [("", "linear"), (", scale: logit", "logit"), (", scale: linear", "linear")]
)
def test_a_fraction_has_one_scale_whether_it_is_aimed_at_or_limited(said: str, scale: str) -> None:
    purity = PURE.replace("}", said + "}")
    limits = "constraints:\n  - {property: target_phase_fraction, min: 0.8}\n"
    file = parse(f"{BARE}objectives:\n{purity}{limits}")
    assert [aim.scale for aim in (*file.objectives, *file.constraints)] == [scale, scale]


def test_a_fraction_that_is_only_limited_or_observed_is_believed_by_its_odds() -> None:
    file = parse(
        without(SMALL, "constraints") + "constraints:\n  - {property: target_phase_fraction, min: 0.8}\n"
    )
    assert file.constraints[0].scale == get_property("amorphous_fraction").scale == "logit"


def test_scales_that_contradict_each_other_or_the_property_are_refused() -> None:
    limits = "constraints:\n  - {property: target_phase_fraction, min: 0.8, scale: logit}\n"
    told = problems_of(f"{BARE}objectives:\n{PURE}{limits}")
    assert "target_phase_fraction is an objective with scale linear, and a property has one model" in told
    assert "write scale: linear" in told
    voltage = "  - {property: oxidation_limit, goal: maximize, reference: 3.5, scale: logit}\n"
    assert "oxidation_limit is no fraction; use linear or log10" in problems_of(
        f"{BARE}objectives:\n{voltage}"
    )
