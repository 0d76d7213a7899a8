"""What `status` says: settings whose effect cannot be told, what plates on their way are expected to bring."""

from pathlib import Path

import pytest
from campaign_shell import TEXT, Shell, Write, all_wells

PLATE = "SMALL-SPINEL-001"


def warned(shell: Shell) -> str:
    return " ".join(shell.json("status", "small-spinel")["warnings"])


def test_one_level_for_the_plate_leaves_the_others_unknown(approved: Shell, results: Write) -> None:
    approved.ok("upload", "small-spinel", results("one.csv", all_wells(PLATE)))
    assert "every measured plate had anneal_temperature" in warned(approved)


def test_blocks_of_one_plate_tell_a_settings_effect(shell: Shell, folder: Path, results: Write) -> None:
    text = TEXT.replace("shared_by: plate", "shared_by: block").replace("count: 1", "count: 2")
    text = text.replace("replicates: 1", "replicates: 0\n  blocks: {by: rows, size: 1}")
    (folder / "small.yaml").write_text(text)
    shell.ok("init", folder / "small.yaml")
    plan = shell.json("plan", "small-spinel")
    assert {block["settings"]["anneal_temperature"]["value"] for block in plan["blocks"]} == {300, 400}
    shell.ok("approve", PLATE)
    shell.ok("upload", "small-spinel", results("one.csv", all_wells(PLATE)))
    assert "anneal_temperature" not in warned(shell)


def test_a_space_without_settings_has_controls(shell: Shell, folder: Path) -> None:
    head, _, rest = TEXT.partition("  process:\n")
    text = head + "precursors" + rest.partition("precursors")[2]
    (folder / "small.yaml").write_text(text.replace(", process: {milling_time: 5}", ""))
    shell.ok("init", folder / "small.yaml")
    wells = shell.json("plan", "small-spinel")["wells"]
    assert [well["role"] for well in wells].count("control") == 1
    assert all(well["process"] == {} for well in wells)


def test_status_says_what_each_plate_on_its_way_is_expected_to_bring(approved: Shell, results: Write) -> None:
    approved.ok("upload", "small-spinel", results("one.csv", all_wells(PLATE)))
    plans = approved.json("plan", "small-spinel", "--plates", "2")["plates"]
    text = approved.ok("status", "small-spinel")
    for plan in plans:
        assert plan["advice"].startswith(f"{plan['plate']} is expected to ")
        assert plan["advice"] in text
    approved.ok("reject", plans[1]["plate"], "--why", "one is enough")
    assert plans[1]["advice"] not in approved.ok("status", "small-spinel")


def test_old_plates_are_counted_and_not_listed(
    approved: Shell, results: Write, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("alloop.cli.results._PLATES_SHOWN", 1)
    first, second = "SMALL-SPINEL-001", "SMALL-SPINEL-002"
    approved.ok("plan", "small-spinel")
    assert first in approved.ok("status", "small-spinel")  # something is expected of it
    approved.ok("upload", "small-spinel", results("one.csv", all_wells(first)))
    listed = approved.ok("status", "small-spinel")
    assert "1 earlier plate of which nothing is expected any more; --json lists all" in listed
    assert f"{first}  complete" not in listed
    assert second in listed
    assert len(approved.json("status", "small-spinel")["plates"]) == 2
