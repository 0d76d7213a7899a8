"""The commands for timers and people: what they print, and how they end."""

from __future__ import annotations

import time

import pytest
from campaign_shell import Shell
from upkeep_lab import PLATE, SECOND, SLUG, Lab


@pytest.fixture
def shell(lab: Lab, capsys: pytest.CaptureFixture[str]) -> Shell:
    """The command line in the lab's home."""
    return Shell(lab.home, capsys, lab.url)


def test_ingest_says_what_came_of_each_thing(lab: Lab, shell: Shell) -> None:
    assert shell.ok("ingest", SLUG) == f"nothing lies in {lab.inbox}\n"
    lab.drop_well("a.csv", "A01")
    out = shell.ok("ingest", SLUG, "--by", "ada")
    assert out.startswith("a.csv: 2 values, 1 status, as upload ")
    lab.drop_well("a.csv", "A01")
    lab.drop("bad.csv", "sample,ionic_conductivity [mS/cm]\nNOBODY-001-A01,3\n")
    code, out, err = shell("ingest", SLUG)
    assert code == 2
    assert "a.csv: these bytes were recorded before" in out
    assert f"bad.csv: refused; it lies in {lab.inbox / 'refused/bad/bad.csv'}" in out
    assert err.splitlines()[-1].startswith("error: bad.csv, row 2, column 'sample': ")


def test_ingest_as_json_is_one_document_and_ends_alike(lab: Lab, shell: Shell) -> None:
    import json

    lab.drop("bad.csv", "sample,ionic_conductivity [mS/cm]\nNOBODY-001-A01,3\n")
    code, out, _ = shell("ingest", SLUG, "--json", "--dry-run")
    assert code == 2
    (thing,) = json.loads(out)["things"]
    assert (thing["name"], thing["outcome"], thing["upload"]) == ("bad.csv", "refused", None)
    assert lab.files() == ["bad.csv"]


def test_an_inbox_of_ones_own(lab: Lab, shell: Shell) -> None:
    (line,) = shell.fails("ingest", SLUG, lab.folder / "nowhere")
    assert line.endswith("there is no such folder; name the folder where results are dropped")


def test_a_campaign_by_commands_alone(lab: Lab, shell: Shell) -> None:
    shell.ok("release", PLATE)
    assert "nothing is due" in shell.ok("due")
    lab.drop_all()
    time.sleep(0.05)
    (due,) = shell.json("due", SLUG)
    assert (due["kind"], due["campaign"], due["plate"]) == ("ingest", SLUG, None)
    out = shell.ok("round", SLUG, "--by", "ada")
    assert "all.csv: 16 values, 8 statuses, as upload " in out
    assert f"{PLATE} is complete" in out
    assert "plan: since the last plan: plate complete by ada" in out
    assert out.endswith(f"next: alloop approve {SECOND}\n")
    said = shell.json("round", SLUG, "--no-ingest")
    assert said["step"] == {"kind": "wait", "why": f"{SECOND} waits for approval", "plate": SECOND}
    assert said["ingest"] is None
    shell.ok("approve", SECOND, "--by", "bo")
    out = shell.ok("due")
    assert "release" in out
    assert SECOND in out
    assert shell.json("release", SECOND, "--dry-run")["is_new"] is True
    assert shell.json("release", SECOND)["is_new"] is True
    assert "is released, as it was before" in shell.ok("release", SECOND)
    assert shell.json("due") == []


def test_a_rehearsal_keeps_nothing(lab: Lab, shell: Shell) -> None:
    lab.drop_all()
    before = len(lab.campaign.records.events())
    assert "dry run: nothing was kept" in shell.ok("round", SLUG, "--dry-run")
    assert len(lab.campaign.records.events()) == before
    assert lab.files() == ["all.csv"]


def test_what_is_not_there_is_told(shell: Shell) -> None:
    assert "there is no such campaign" in shell.fails("round", "halide")[0]
    assert "there is no such campaign" in shell.fails("due", "halide")[0]
    assert "there is no such plate" in shell.fails("release", "HALIDE-001")[0]
