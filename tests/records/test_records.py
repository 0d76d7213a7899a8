from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, replace
from datetime import UTC, datetime, timedelta, timezone
from fractions import Fraction
from pathlib import Path

import pytest
import sqlalchemy as sa
from records_builders import (
    ELEMENTS,
    SETTINGS,
    SLUG,
    add_campaign,
    add_plate,
    approve,
    prediction,
    upload,
    value,
    well,
)

from alloop.errors import RecordsError, StateError, UploadError
from alloop.records import (
    ExclusionRow,
    PlateRow,
    PreparationRow,
    Records,
    SnapshotRow,
    StatusRow,
    UploadRow,
    VersionRow,
    WellRow,
)
from alloop.records.schema import APPEND_ONLY, MAY_CHANGE

PLATE = "HALIDE-SPINEL-001"


@pytest.fixture
def campaign(records: Records) -> Records:
    add_campaign(records)
    return records


@pytest.fixture
def plated(campaign: Records) -> Records:
    add_plate(campaign)
    approve(campaign, PLATE)
    return campaign


def test_only_create_makes_records(tmp_path: Path, url: str | None) -> None:
    with pytest.raises(StateError, match="there are no records here; register a campaign"):
        Records.open(tmp_path / "nothing", url=url)
    assert not (tmp_path / "nothing").exists()


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


def test_samples_are_what_was_planned_until_a_preparation_says_more(plated: Records) -> None:
    planned = plated.samples(SLUG)
    assert [sample.id for sample in planned] == [f"{PLATE}-A01", f"{PLATE}-A02"]
    assert planned[0].elements == ELEMENTS
    assert planned[0].settings == SETTINGS
    noon = datetime(2026, 3, 2, 12, tzinfo=timezone(timedelta(hours=2)))
    settings = SETTINGS | {"anneal_temperature": Fraction("412.5")}
    with plated.writing(by="bob") as tx:
        tx.add_preparations(
            PLATE,
            [PreparationRow(sample=planned[0].id, masses_mg={"LiCl": 12.3}, settings=settings, made_at=noon)],
        )
        tx.add_preparations(PLATE, [PreparationRow(sample=planned[0].id, masses_mg={"LiCl": 12.4})])
    first, second = plated.samples(SLUG, PLATE)
    assert first.masses_mg == {"LiCl": 12.4}
    assert first.settings == settings
    assert first.made_at == datetime(2026, 3, 2, 10, tzinfo=UTC)
    assert second == planned[1]


def test_a_proposal_has_no_samples(campaign: Records) -> None:
    add_plate(campaign)
    with campaign.writing(by="ada") as tx, pytest.raises(StateError, match="approve it first"):
        tx.add_samples(PLATE)


def test_values_come_back_as_they_were_recorded(plated: Records) -> None:
    given = value(
        bound="below",
        uncertainty=1e-5,
        method="EIS",
        measured_at=datetime(2026, 3, 3, tzinfo=UTC),
        source="this laboratory",
        qualifier="lt",
        phase="spinel",
        conditions={"pressure_MPa": 370.0},
        doubt="suspect",
        doubt_why="outlier",
    )
    assert upload(plated, b"one", [given, value(None, origin="literature")])
    first, second = plated.measurements(SLUG)
    stamped = {name: getattr(first, name) for name in ("id", "upload_id", "recorded_at", "recorded_by")}
    assert first == replace(given, **stamped)
    assert (second.sample, second.origin) == (None, "literature")
    assert plated.measurements(SLUG, properties=["density"]) == []


def test_the_same_bytes_twice_are_one_upload(plated: Records) -> None:
    assert upload(plated, b"one", [value()])
    assert not upload(plated, b"one", [value()])
    assert len(plated.measurements(SLUG)) == 1
    (row,) = plated.uploads(SLUG)
    assert plated.upload_by_hash(SLUG, row.files[0].sha256) == row
    assert plated.upload_by_hash(SLUG, "0" * 64) is None
    assert plated.raw_file(row.files[0].sha256) == b"one"


def test_known_bytes_in_another_upload_are_refused(plated: Records) -> None:
    upload(plated, b"one", [value()])
    with (
        plated.writing(by="ada") as tx,
        pytest.raises(UploadError, match=r"again.csv: these bytes were recorded by upload 1 by ada"),
    ):
        tx.add_upload(UploadRow(campaign=SLUG), [("new.csv", b"two"), ("again.csv", b"one")])


def test_an_upload_is_refused_whole(plated: Records) -> None:
    row = UploadRow(campaign=SLUG)
    with plated.writing(by="ada") as tx:
        with pytest.raises(UploadError) as caught:
            tx.add_upload(row, [("a", b"1"), ("b", b"1")], [value(number=float("nan"), place="row 2")])
        assert [str(problem) for problem in caught.value.problems] == [
            "b: it is the same file as a; leave one out",
            "row 2: ionic_conductivity is not a finite number",
        ]
        with pytest.raises(StateError, match="sample HALIDE-SPINEL-001-H08: there is no such sample"):
            tx.add_upload(row, [("a", b"1")], [value("H08")])
    assert plated.measurements(SLUG) == []


def test_a_correction_replaces_a_value_and_keeps_it(plated: Records) -> None:
    upload(plated, b"one", [value(number=1.0), value(number=2.0), value("A02")])
    old = [row.id for row in plated.measurements(SLUG)]
    upload(plated, b"two", [value(number=3.0, supersedes=tuple(old[:2]))])
    now = plated.measurements(SLUG)
    assert [row.value for row in now] == [2.5e-4, 3.0]
    assert now[-1].supersedes == tuple(old[:2])
    past = plated.measurements(SLUG, include_superseded=True)
    assert [row.superseded_by for row in past] == [now[-1].id, now[-1].id, None, None]
    with (
        plated.writing(by="ada") as tx,
        pytest.raises(StateError, match="replaced by measurement 4"),
    ):
        tx.supersede([old[0]], now[-1].id)


def test_the_last_word_of_doubt_holds(plated: Records) -> None:
    upload(plated, b"one", [value()])
    (row,) = plated.measurements(SLUG)
    with plated.writing(by="ada") as tx:
        tx.mark(row.id, "suspect", "shifted row?")
        tx.mark(row.id, "retracted", "wrong pellet")
        with pytest.raises(StateError, match="needs a reason"):
            tx.mark(row.id, "ok", "")
        with pytest.raises(StateError, match="measurement 999: there is no such value"):
            tx.mark(999, "ok", "x")
    (now,) = plated.measurements(SLUG)
    assert (now.doubt, now.doubt_why) == ("retracted", "wrong pellet")
    with plated.reading() as reader:
        assert [row.doubt for row in reader.doubts(SLUG)] == ["suspect", "retracted"]


def test_an_exclusion_can_be_lifted(campaign: Records) -> None:
    row = ExclusionRow(campaign=SLUG, kind="element", target="In", why="price")
    with campaign.writing(by="ada") as tx:
        tx.add_exclusion(row)
        tx.add_exclusion(replace(row, target="Sc"))
    assert [entry.target for entry in campaign.exclusions(SLUG)] == ["In", "Sc"]
    with campaign.writing(by="ada") as tx:
        tx.add_exclusion(replace(row, active=False))
    assert [entry.target for entry in campaign.exclusions(SLUG)] == ["Sc"]


def test_progress_counts_samples_with_valid_values(plated: Records) -> None:
    add_plate(plated, ["A01"], number=2)
    with plated.writing(by="ada") as tx:
        status = StatusRow(campaign=SLUG, sample=f"{PLATE}-A02", status="cracked")
        tx.add_upload(UploadRow(campaign=SLUG), [("a", b"1")], [value(), value()], [status])
    first, second = plated.progress(SLUG)
    assert (first.wells, first.samples, first.measured, first.reported) == (2, 2, 1, 2)
    assert (second.plate, second.wells, second.samples, second.measured) == ("HALIDE-SPINEL-002", 1, 0, 0)
    with plated.writing(by="ada") as tx:
        for row in tx.measurements(SLUG):
            tx.mark(row.id, "retracted", "wrong pellet")
    assert plated.progress(SLUG)[0].measured == 0
    assert [row.status for row in plated.statuses(SLUG)] == ["cracked"]


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


def test_the_database_itself_refuses_to_forget(records: Records) -> None:
    _fill(records)
    column = {"prediction": "unit", "upload_file": "name"}
    orders = [f"DELETE FROM {table}" for table in (*APPEND_ONLY, *MAY_CHANGE)]
    orders += [f"UPDATE {table} SET {column.get(table, 'recorded_by')} = 'x'" for table in APPEND_ONLY]
    for order in orders:
        with pytest.raises(RecordsError, match="the records only grow"), records.writing(by="eve") as tx:
            tx.connection.execute(sa.text(order))


def _fill(records: Records) -> None:
    add_campaign(records)
    add_plate(records)
    approve(records, PLATE)
    upload(records, b"one", [value()])
    (row,) = records.measurements(SLUG)
    with records.writing(by="ada") as tx:
        status = StatusRow(campaign=SLUG, sample=f"{PLATE}-A02", status="lost")
        tx.add_upload(UploadRow(campaign=SLUG), [("b", b"2")], [value(supersedes=(row.id,))], [status])
        tx.mark(row.id, "retracted", "why not")
        tx.add_exclusion(ExclusionRow(campaign=SLUG, kind="key", target="k", why="w"))
        tx.add_snapshot(SnapshotRow(campaign=SLUG, content={}))
        tx.add_preparations(PLATE, [PreparationRow(sample=f"{PLATE}-A01", note="slow")])


def test_a_time_without_zone_is_refused(plated: Records) -> None:
    with pytest.raises(sa.exc.StatementError, match="a time without a zone"):
        upload(plated, b"one", [value(measured_at=datetime(2026, 1, 1))])
    assert plated.uploads(SLUG) == []


def test_another_kind_of_database_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StateError, match="mysql databases are not supported"):
        Records.open(tmp_path, create=True, url="mysql://root@localhost/x")
    with pytest.raises(StateError, match="ALLOOP_DATABASE_URL"):
        Records.open(tmp_path, create=True, url="nonsense")


def test_an_unreachable_server_is_named(tmp_path: Path) -> None:
    pytest.importorskip("psycopg")
    with pytest.raises(RecordsError, match=r"127\.0\.0\.1:1"):
        Records.open(tmp_path, create=True, url="postgresql://nobody@127.0.0.1:1/none?connect_timeout=2")


def test_importing_the_package_does_not_import_sqlalchemy() -> None:
    code = "import sys, alloop.records; assert 'sqlalchemy' not in sys.modules; alloop.records.Records"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_writer_that_waits_too_long_is_told(
    open_records: Callable[..., Records], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("alloop.records.engine.BUSY_SECONDS", 1)
    first, second = open_records(), open_records()
    with first.writing(by="ada") as tx:
        tx.add_campaign(SLUG)
        with pytest.raises(RecordsError, match="another process has been writing for 1 s"):
            add_campaign(second, "garnet")
    add_campaign(second, "garnet")
    assert len(first.campaigns()) == 2


@pytest.mark.parametrize(
    ("pragma", "said"),
    [
        ("max_page_count = 1", "the disk is full; nothing was recorded"),
        ("query_only = ON", "they are read-only"),
    ],
)
def test_a_full_disk_and_a_read_only_database_are_told(tmp_path: Path, pragma: str, said: str) -> None:
    records = Records.open(tmp_path / "home", create=True)
    add_campaign(records)
    sa.event.listen(records.engine, "connect", lambda connection, _: connection.execute(f"PRAGMA {pragma}"))
    with pytest.raises(RecordsError, match=said), records.writing(by="ada") as tx:
        tx.add_campaign("garnet", "x" * 1_000_000)
    assert [row.slug for row in Records.open(tmp_path / "home").campaigns()] == [SLUG]


def test_rows_are_plain_enough_for_json(plated: Records) -> None:
    upload(plated, b"one", [value()])
    row = asdict(plated.measurements(SLUG)[0])
    assert json.loads(json.dumps(row, default=str))["elements"]["Li"] == "8/5"


def test_the_home_stays_when_the_working_folder_changes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    records = Records.open("home", create=True)
    monkeypatch.chdir("/")
    add_campaign(records)
    assert (tmp_path / "home" / "alloop.db").exists()


def test_rows_have_no_surprises() -> None:
    assert WellRow(plate="P", well="A01", role="random", formula="LiCl", elements={}).settings == {}
    assert PlateRow(id="P", campaign="p", number=1, version=1).state == "proposed"
