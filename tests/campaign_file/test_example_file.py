from fractions import Fraction
from pathlib import Path

import pytest
from campaign_texts import parse

from alloop.campaign_file import Schedule, load_campaign
from alloop.errors import CampaignFileError
from alloop.planning.aims import Constraint, Objective

CAMPAIGNS = Path(__file__).parents[2] / "campaigns"


def test_the_example_is_read_as_written(example, tmp_path):
    campaign = parse(example, tmp_path)
    assert campaign.slug == "halide-spinel"
    assert campaign.title == "Chloride spinels Li2MCl4 with aliovalent dopants"
    assert (campaign.mobile_ion, campaign.atmosphere) == ("Li+", "inert")
    assert campaign.objectives == (
        Objective("ionic_conductivity", "maximize", "log10", "S/cm", 1e-6, 1e-3, 25.0, "total"),
        Objective("oxidation_limit", "maximize", "linear", "V", 3.5),
    )
    assert campaign.constraints == (
        Constraint("target_phase_fraction", 0.8, None, "logit", "1"),
        Constraint("electronic_conductivity", None, 1e-8, "log10", "S/cm"),
    )
    assert campaign.aim == {"front": 0.5, "hits": 0.5}
    assert (campaign.stopping.max_plates, campaign.stopping.min_gain) == (16, 0.01)
    assert campaign.running.schedule == Schedule("0 6 * * *")
    assert campaign.literature == (tmp_path / "literature" / "halides.csv",)
    assert campaign.pellet is not None
    assert campaign.pellet.area_cm2 == pytest.approx(0.331831, abs=1e-6)
    assert campaign.target_phase is not None
    assert campaign.target_phase.names == ("spinel Fd-3m",)
    assert campaign.text == example


def test_the_plate_of_the_example(example, tmp_path):
    plate = parse(example, tmp_path).plate
    assert (plate.rows, plate.columns, plate.wells) == (8, 8, 64)
    assert (plate.replicates, plate.random, plate.max_precursors) == (3, 3, 24)
    assert (plate.sample_mass_g, plate.balance_resolution_mg, plate.min_portion_mg) == (0.5, 0.1, 2.0)
    assert plate.controls is not None
    assert plate.controls.count == 3
    assert plate.controls.settings == (("milling_time", Fraction(5)),)
    assert plate.controls.amounts == {"Li": 2, "Mg": 1, "Cl": 4}


def test_the_space_of_the_example(example, tmp_path):
    campaign = parse(example, tmp_path)
    space = campaign.space
    assert space.mobile_ion == "Li+"
    assert space.size > 10_000
    assert {"Li", "Mg", "Zn", "Mn", "In", "Sc", "Zr", "Cl", "Br"} == set(space.elements)
    assert campaign.space is space
    candidate = space.candidate(0)
    assert candidate.charge == 0
    shelf = campaign.shelf
    assert shelf is not None
    assert shelf.solve(candidate.amounts)


def test_only_a_missing_folder_of_references_is_warned_of(example, tmp_path):
    warnings = parse(example, tmp_path).warnings
    assert [line for line in warnings if "references" in line]
    (tmp_path / "references").mkdir()
    assert parse(example, tmp_path).warnings == ()


def test_hash_and_values_do_not_depend_on_where_the_file_lies(example, tmp_path):
    path = tmp_path / "spinel.yaml"
    path.write_text(example)
    loaded, parsed = load_campaign(path), parse(example, tmp_path)
    assert loaded.sha256 == parsed.sha256
    assert loaded.objectives == parsed.objectives
    assert loaded.space.space_hash == parsed.space.space_hash
    assert loaded.base == tmp_path


@pytest.mark.parametrize("start", [b"\xef\xbb\xbf", b""])
def test_byte_order_marks_and_line_ends_of_windows_are_read(example, tmp_path, start):
    path = tmp_path / "windows.yaml"
    path.write_bytes(start + example.replace("\n", "\r\n").encode())
    assert load_campaign(path).slug == "halide-spinel"
    path.write_bytes(example.encode("utf-16"))
    assert load_campaign(path).slug == "halide-spinel"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"", "the file is empty"),
        (b"%PDF-1.7 whatever", "this is a PDF"),
        (b"PK\x03\x04 whatever", "a zip archive"),
        (b"campaign: \xff\xfa", "not UTF-8 text"),
        (b"#" * 5_000_000, "far too large"),
    ],
)
def test_files_of_another_kind_are_refused(tmp_path, content, message):
    path = tmp_path / "campaign.yaml"
    path.write_bytes(content)
    with pytest.raises(CampaignFileError, match=message):
        load_campaign(path)


def test_a_missing_file_and_a_folder_are_named(tmp_path):
    with pytest.raises(CampaignFileError, match="there is no such file"):
        load_campaign(tmp_path / "nowhere.yaml")
    with pytest.raises(CampaignFileError, match="this is a folder"):
        load_campaign(tmp_path)


@pytest.mark.parametrize("path", sorted(CAMPAIGNS.glob("*.yaml")), ids=lambda path: path.stem)
def test_the_campaigns_that_ship_are_sound(path):
    campaign = load_campaign(path)
    assert campaign.warnings == ()
    assert campaign.space.size > 1000
    assert campaign.plate.controls is not None
