from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa
from records_builders import (
    PLATE,
    SLUG,
    add_plate,
    prediction,
    upload,
    value,
    well,
)

from alloop.errors import StateError
from alloop.records import (
    ExclusionRow,
    PlateRow,
    Records,
    SnapshotRow,
    UploadRow,
    VersionRow,
    WellRow,
)


def test_opening_again_finds_what_was_written(
    campaign: Records, open_records: Callable[..., Records]
) -> None:
    again = open_records(create=False)
    assert [row.slug for row in again.campaigns()] == [SLUG]
    assert again.campaign(SLUG).recorded_by == "ada"


def test_a_campaign_is_registered_once(campaign: Records) -> None:
    with (
        campaign.writing(by="ada") as tx,
        pytest.raises(StateError, match="there is a campaign"),
    ):
        tx.add_campaign(SLUG)
    with pytest.raises(StateError, match="known are: halide-spinel"):
        campaign.versions("garnet")


def test_a_version_is_kept_when_the_file_changes(campaign: Records) -> None:
    row = VersionRow(campaign=SLUG, text="campaign: y", sha256="1" * 64)
    with campaign.writing(by="ada") as tx:
        assert tx.add_campaign_version(row, {"pool.csv": b"a"}).number == 2
        assert tx.add_campaign_version(row, {"pool.csv": b"a"}).number == 2
        assert tx.add_campaign_version(row, {"pool.csv": b"b"}).number == 3
    versions = campaign.versions(SLUG)
    assert [version.text for version in versions] == ["campaign: x", "campaign: y", "campaign: y"]
    assert campaign.raw_file(versions[1].files["pool.csv"]) == b"a"


def test_a_plate_comes_back_as_it_was_planned(campaign: Records) -> None:
    row = add_plate(campaign, ["B02", "A01"])
    assert (row.state, row.seed, row.version, row.revision) == ("proposed", 7, 1, 1)
    assert campaign.plan(PLATE.lower()) == '{"wells": []}\n'
    assert campaign.wells(PLATE) == [well("B02"), well("A01")]
    assert campaign.predictions(PLATE.lower()) == [prediction("A01"), prediction("B02")]
    assert campaign.next_plate_number(SLUG) == 2


def test_two_planners_cannot_take_the_same_number(campaign: Records) -> None:
    add_plate(campaign)
    with pytest.raises(StateError, match="plate HALIDE-SPINEL-001: another plate was planned meanwhile"):
        add_plate(campaign)


def test_a_failed_transaction_leaves_nothing(campaign: Records) -> None:
    before = campaign.events()
    with pytest.raises(StateError, match="there is no such plate"):
        _propose_and_fail(campaign)
    assert [row.slug for row in campaign.campaigns()] == [SLUG]
    assert campaign.events() == before


def _propose_and_fail(records: Records) -> None:
    with records.writing(by="ada") as tx:
        tx.add_campaign("garnet")
        tx.set_plate_state("GARNET-001", "approved")


def test_a_dry_run_checks_and_keeps_nothing(plated: Records) -> None:
    row = UploadRow(campaign=SLUG)
    with plated.writing(by="ada", dry_run=True) as tx:
        assert tx.add_upload(row, [("a.csv", b"1")], [value()])[1]
    with plated.writing(by="ada", dry_run=True) as tx, pytest.raises(StateError):
        tx.add_upload(row, [("a.csv", b"1")], [value("H08")])
    assert plated.uploads(SLUG) == []
    assert list(plated.raw) == []


def test_every_change_needs_a_name(records: Records) -> None:
    with pytest.raises(StateError, match="every change needs a name"), records.writing(by=" "):
        pass


def test_a_wells_swap_is_audited_and_gets_new_predictions(campaign: Records) -> None:
    add_plate(campaign)
    swapped = well("a1", key="M=Zn2+:1", formula="Li2ZnCl4")
    with campaign.writing(by="grace") as tx:
        tx.update_well(swapped, "swapped", '{"wells": [1]}\n', [prediction("A01", median=1e-3)], "no indium")
    assert [row.formula for row in campaign.wells(PLATE)] == ["Li2ZnCl4", "Li1.6Mg0.8In0.2Cl4"]
    assert [row.median for row in campaign.predictions(PLATE)] == [1e-3, 1e-4]
    assert campaign.plan(PLATE) == '{"wells": [1]}\n'
    with campaign.reading() as reader:
        revisions = {row.revision: row.plan for row in reader.plan_revisions(SLUG)}
    assert revisions == {1: '{"wells": []}\n', 2: '{"wells": [1]}\n'}
    event = campaign.events(SLUG)[-1]
    assert (event.verb, event.subject, event.why) == ("well swapped", "A01", "no indium")
    assert event.details["changed"]["formula"] == ["Li1.6Mg0.8In0.2Cl4", "Li2ZnCl4"]


def test_a_well_of_an_approved_plate_cannot_be_swapped(plated: Records) -> None:
    with plated.writing(by="ada") as tx, pytest.raises(StateError, match="only a proposal can be edited"):
        tx.update_well(well("A01"), "swapped")


def test_an_unknown_well_is_named(campaign: Records) -> None:
    add_plate(campaign)
    with campaign.writing(by="ada") as tx, pytest.raises(StateError, match="well H08: there is no such well"):
        tx.update_well(well("H8", locked=True), "locked")


def test_an_exclusion_can_be_lifted(campaign: Records) -> None:
    row = ExclusionRow(campaign=SLUG, kind="element", target="In", why="price")
    with campaign.writing(by="ada") as tx:
        tx.add_exclusion(row)
        tx.add_exclusion(replace(row, target="Sc"))
    assert [entry.target for entry in campaign.exclusions(SLUG)] == ["In", "Sc"]
    with campaign.writing(by="ada") as tx:
        tx.add_exclusion(replace(row, active=False))
    assert [entry.target for entry in campaign.exclusions(SLUG)] == ["Sc"]


def test_snapshots_keep_the_model(plated: Records) -> None:
    content = {"ionic_conductivity": {"kind": "gp", "log_score": -0.3}}
    with plated.writing(by="ada") as tx:
        tx.add_snapshot(SnapshotRow(campaign=SLUG, plate=PLATE, content=content, data_hash="ab"))
    (row,) = plated.snapshots(SLUG)
    assert (row.content, row.plate, row.data_hash) == (content, PLATE, "ab")


def test_the_audit_says_who_did_what_and_when(plated: Records) -> None:
    events = plated.events()
    assert [(event.verb, event.recorded_by) for event in events] == [
        ("campaign added", "ada"),
        ("campaign version added", "ada"),
        ("plate proposed", "ada"),
        ("plate approved", "grace"),
        ("samples added", "grace"),
    ]
    assert events == plated.events(SLUG)
    assert events[0].recorded_at < events[-1].recorded_at
    assert events[0].recorded_at.tzinfo is UTC


def test_a_time_without_zone_is_refused(plated: Records) -> None:
    with pytest.raises(sa.exc.StatementError, match="a time without a zone"):
        upload(plated, b"one", [value(measured_at=datetime(2026, 1, 1))])
    assert plated.uploads(SLUG) == []


def test_rows_are_plain_enough_for_json(plated: Records) -> None:
    upload(plated, b"one", [value()])
    row = asdict(plated.measurements(SLUG)[0])
    assert json.loads(json.dumps(row, default=str))["elements"]["Li"] == "8/5"


def test_rows_have_no_surprises() -> None:
    assert WellRow(plate="P", well="A01", role="random", formula="LiCl", elements={}).settings == {}
    assert PlateRow(id="P", campaign="p", number=1, version=1).state == "proposed"
