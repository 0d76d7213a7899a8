"""The command line itself: help, errors, exit codes; campaigns through it are in tests/campaign."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from alloop.cli import main
from alloop.cli.app import app, run
from alloop.cli.terminal import jsonable, progress

HEAVY = ("torch", "pandas", "sqlalchemy", "pymatgen", "sklearn", "scipy", "numpy")


def test_importing_the_command_line_imports_nothing_heavy() -> None:
    code = f"import sys, alloop.cli; print([m for m in {HEAVY!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_the_installed_command_answers() -> None:
    done = subprocess.run([sys.executable, "-m", "alloop", "--version"], capture_output=True, text=True)
    assert done.returncode == 0
    assert done.stdout.strip().count(".") >= 1


def test_every_command_has_help(capsys: pytest.CaptureFixture[str]) -> None:
    for command in app.registered_commands:
        assert command.callback is not None
        name = command.callback.__name__
        assert run([name, "--help"]) == 0
        out = capsys.readouterr().out
        assert name in out
        assert (command.callback.__doc__ or "").split(":")[0].split(",")[0][:20] in " ".join(out.split())


def test_commands_that_change_something_can_be_signed_and_rehearsed(
    capsys: pytest.CaptureFixture[str],
) -> None:
    kept_running = {"serve", "watch"}
    reading = {"space", "status", "report", "export", "backup", "doctor", "demo", "replay", "inspect", "due"}
    for command in app.registered_commands:
        assert command.callback is not None
        name = command.callback.__name__
        if name in kept_running:
            continue
        run([name, "--help"])
        out = capsys.readouterr().out
        assert "--json" in out
        if name not in reading:
            assert "--by" in out
            assert "--dry-run" in out


def test_no_command_shows_the_help(capsys: pytest.CaptureFixture[str]) -> None:
    assert run([]) == 0
    assert "approve" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["plan", "x", "--sed", "1"], "alloop plan --help"),
        (["aprove", "X-001"], "approve"),
        (["plan"], "CAMPAIGN"),
        (["plan", "x", "--wells", "many"], "--wells"),
    ],
)
def test_wrong_usage_is_one_line(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("error: ")
    assert err.count("\n") == 1
    assert said in err


def test_problems_are_a_json_document_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["--home", str(tmp_path), "status", "--json"]) == 2
    out, err = capsys.readouterr()
    (problem,) = json.loads(out)["problems"]
    assert problem["where"] == str(tmp_path)
    assert "alloop init" in problem["mend"]
    assert "alloop init" in err


def test_a_fault_of_alloop_is_one_line_unless_asked(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError("a fault\nof two lines")

    monkeypatch.setattr("alloop.cli.options.records", broken)
    assert run(["status"]) == 1
    err = capsys.readouterr().err
    assert err.count("\n") == 1
    assert "ZeroDivisionError: a fault of two lines" in err
    assert "--debug" in err
    assert run(["--debug", "status"]) == 1
    assert "Traceback" in capsys.readouterr().err


def test_main_exits_with_the_code(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as done:
        main(["status", "--nonsense"])
    assert done.value.code == 2
    assert capsys.readouterr().err


def test_numbers_that_json_has_not_become_null() -> None:
    assert jsonable({"a": float("nan"), "b": [float("inf"), 1.5], 3: Path("x")}) == {
        "a": None,
        "b": [None, 1.5],
        "3": "x",
    }


def test_progress_that_only_counts_on_is_told_once(capsys: pytest.CaptureFixture[str]) -> None:
    with progress() as tell:
        for text in ("screening: 10 of 30", "screening: 20 of 30", "choosing wells", "screening: 30 of 30"):
            tell(text)
    out, err = capsys.readouterr()
    assert out == ""
    assert err.splitlines() == ["screening: 10 of 30", "choosing wells", "screening: 30 of 30"]


def test_a_folder_that_cannot_be_used(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").write_text("in the way")
    campaigns = Path(__file__).parents[1] / "campaigns"
    assert run(["--home", str(tmp_path / "home"), "init", str(campaigns / "garnet.yaml")]) == 0
    capsys.readouterr()
    assert (
        run(["--home", str(tmp_path / "home"), "plan", "garnet", "--out", str(tmp_path / "file" / "x")]) == 1
    )
    err = capsys.readouterr().err
    assert err.startswith(f"error: {tmp_path}")
    assert err.count("\n") == 1
    assert run(["--home", str(tmp_path / "home"), "report", "garnet", "--json"]) == 0
    assert Path(json.loads(capsys.readouterr().out)["file"]).read_text().count("nothing to show") >= 3
