"""`alloop serve` and `alloop watch` where they cannot begin, and what they give their parts."""

from __future__ import annotations

import importlib.util
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from serving import get_json
from upkeep_lab import Lab

from alloop.cli.app import run
from alloop_flows.health import health_served
from alloop_flows.parts import NO_TELEMETRY, Place, environment_of, parts_of


def refused(capsys: pytest.CaptureFixture[str], *arguments: object) -> str:
    assert run([str(one) for one in arguments]) == 2
    err = capsys.readouterr().err
    assert "Traceback" not in err
    return err


def test_without_prefect_it_says_what_to_install(
    lab: Lab, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    real = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "prefect" else real(name))
    for command in ("serve", "watch"):
        assert 'pip install "alloop[flows]"' in refused(capsys, "--home", lab.home, command)


def test_a_home_without_records_is_not_served(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    assert "there are no records here" in refused(capsys, "--home", lab.folder / "nowhere", "serve")
    assert not (lab.folder / "nowhere").exists()


def test_a_port_in_use_is_said(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        said = refused(
            capsys, "--home", lab.home, "serve", "--port", port, "--prefect-port", 1 + port % 60000
        )
        assert f"port {port} cannot be used" in said
        assert "--port" in said


def test_a_watch_needs_to_know_the_server(lab: Lab, capsys: pytest.CaptureFixture[str]) -> None:
    assert "PREFECT_API_URL" in refused(capsys, "--home", lab.home, "watch")


def test_help_of_both_loads_neither_prefect_nor_torch() -> None:
    text = "import sys; from alloop.cli.app import run; run(['serve', '--help']); run(['watch', '--help']);"
    text += "print([n for n in ('prefect', 'torch', 'alloop_flows') if n in sys.modules])"
    done = subprocess.run([sys.executable, "-c", text], capture_output=True, text=True, check=True)
    assert done.stdout.splitlines()[-1] == "[]"


def test_health_answers_with_what_it_is_told() -> None:
    told = {"well": True}
    with health_served("127.0.0.1", 0, lambda: (told["well"], {"parts": 3})) as port:
        assert get_json(f"http://127.0.0.1:{port}/health") == (200, {"healthy": True, "parts": 3})
        told["well"] = False
        assert get_json(f"http://127.0.0.1:{port}/health") == (503, {"healthy": False, "parts": 3})


def test_parts_find_each_other_and_send_nothing_anywhere(tmp_path: Path) -> None:
    place = Place(tmp_path / "home", 4711)
    given = {
        "PREFECT_API_URL": "http://elsewhere/api",
        "PREFECT_WORKER_QUERY_SECONDS": "9",
        "ALLOOP_HOME": "other",
    }
    environment = environment_of(place, given)
    assert environment["PREFECT_API_URL"] == "http://127.0.0.1:4711/api"
    assert environment["ALLOOP_HOME"] == str(tmp_path / "home")
    assert environment["PREFECT_WORKER_QUERY_SECONDS"] == "9"
    assert environment.items() >= NO_TELEMETRY.items()
    assert str(place.folder / "prefect.db") in environment["PREFECT_API_DATABASE_CONNECTION_URL"]
    assert str(place.socket) == environment["ALLOOP_STANDBY"]
    assert len(str(Place(tmp_path / ("long " * 40), 4711).socket)) < 100
    assert [part.name for part in parts_of(place, 2)] == ["server", "standby", "worker", "watch"]
    assert "PREFECT_API_AUTH_STRING" not in environment
    # what alloop is told of logs and secrets holds for Prefect too
    told = environment_of(
        place, {"ALLOOP_LOG_FORMAT": "json", "PREFECT_SERVER_API_AUTH_STRING": "lab:secret"}
    )
    assert told["PREFECT_LOGGING_HANDLERS_CONSOLE_FORMATTER"] == "json"
    assert told["PREFECT_API_AUTH_STRING"] == "lab:secret"
