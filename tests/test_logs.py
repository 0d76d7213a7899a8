"""Log lines: for people or machines, with what they are about."""

from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from alloop import logs
from alloop.errors import StateError

LOG = logging.getLogger("alloop.some.part")


@pytest.fixture(autouse=True)
def put_back(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name in ("ALLOOP_LOG_LEVEL", "ALLOOP_LOG_FORMAT"):
        monkeypatch.delenv(name, raising=False)
    yield
    monkeypatch.undo()
    logs.set_up()


def lines(level: str = "info") -> tuple[io.StringIO, logging.Logger]:
    stream = io.StringIO()
    logs.set_up(level, stream)
    return stream, LOG


def test_a_line_for_people_says_when_how_bad_and_about_what() -> None:
    stream, log = lines()
    with logs.about(campaign="halide", plate="HALIDE-001"):
        with logs.about(upload=7):
            log.warning("%d files", 3)
        log.info("inside")
    log.info("outside")
    log.debug("too small")
    first, second, third = stream.getvalue().splitlines()
    assert first[10] == "T"
    assert first.endswith("Z warning [halide HALIDE-001 7] 3 files")
    assert second.endswith("Z info [halide HALIDE-001] inside")
    assert third.endswith("Z info outside")


def test_a_line_for_machines_is_one_json_object(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOOP_LOG_FORMAT", "json")
    stream, log = lines()
    with logs.about(campaign="halide", upload=7):
        log.info("two\nlines", extra={"files": ["a"]})
        try:
            raise ValueError("oh")
        except ValueError:
            log.exception("failed")
    first, second = map(json.loads, stream.getvalue().splitlines())
    assert first.pop("time")[10] == "T"
    assert first == {
        "level": "info",
        "logger": "alloop.some.part",
        "message": "two\nlines",
        "files": ["a"],
        "campaign": "halide",
        "upload": 7,
    }
    assert "ValueError: oh" in second["traceback"]


def test_the_environment_decides_the_level(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOOP_LOG_LEVEL", "Warning")
    stream, log = lines("debug")
    log.info("no")
    log.warning("yes")
    assert len(stream.getvalue().splitlines()) == 1


@pytest.mark.parametrize("name", ["ALLOOP_LOG_LEVEL", "ALLOOP_LOG_FORMAT"])
def test_what_does_not_exist_is_one_line(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(name, "loud")
    with pytest.raises(StateError, match=f"{name}: 'loud' is not known; use one of"):
        logs.set_up()


def test_setting_up_twice_says_everything_once() -> None:
    lines()
    stream, log = lines()
    log.error("once")
    assert stream.getvalue().count("once") == 1


def test_a_command_refuses_a_format_that_does_not_exist(tmp_path) -> None:
    command = [sys.executable, "-m", "alloop", "--home", str(tmp_path), "due"]
    environment = os.environ | {"ALLOOP_LOG_FORMAT": "loud"}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 2
    assert done.stderr.startswith("error: ALLOOP_LOG_FORMAT: 'loud' is not known")
    assert done.stdout == ""
