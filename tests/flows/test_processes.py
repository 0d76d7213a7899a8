"""Processes that die with their parents, and the standby process with its runs; no server is needed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from serving import wait_for

from alloop_flows.standby_client import connect

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="what it tests is of Linux")

_ENDLESS = "import time; time.sleep(600)"
# as the standby process of alloop, but quick: it imports nothing large, and its runs are a module of this test
_STANDBY = """
import sys
from pathlib import Path
from alloop_flows import standby
standby.RUN = sys.argv[2]
standby.Standby(Path(sys.argv[1])).serve()
"""


def test_a_tied_process_dies_with_its_parent() -> None:
    parent = subprocess.Popen(
        [
            sys.executable,
            "-c",
            "import os, subprocess, sys, time\n"
            "child = subprocess.Popen([sys.executable, '-m', 'alloop_flows.tied', str(os.getpid()),"
            f" sys.executable, '-c', {_ENDLESS!r}])\n"
            "print(child.pid, flush=True)\n"
            "time.sleep(600)",
        ],
        stdout=subprocess.PIPE,
        text=True,
    )
    assert parent.stdout is not None
    child = psutil.Process(int(parent.stdout.readline()))
    wait_for("the tied command", lambda: _ENDLESS in child.cmdline())
    parent.kill()
    parent.wait()
    assert child.wait(60) is None  # it is no child of ours, so that its status is not told


def test_the_server_of_killed_tests_dies_with_them(tmp_path: Path) -> None:
    code = "import serving\nwith serving.server_of_tests():\n    raise SystemExit('it was not killed')"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), "TMPDIR": str(tmp_path)}
    tests = subprocess.Popen([sys.executable, "-c", code], env=environment)

    def server() -> psutil.Process | None:
        mine = psutil.Process(tests.pid).children()
        return next((one for one in mine if "prefect.server.api.server:create_app" in one.cmdline()), None)

    left = wait_for("the server of the harness", server)
    tests.kill()
    tests.wait()
    left.wait(60)


@pytest.fixture
def standby(tmp_path: Path) -> Iterator[Path]:
    """A standby process whose runs are `a_run.py`; the path of its socket."""
    (tmp_path / "a_run.py").write_text(
        "import os, sys, time\n"
        "what = os.environ['WHAT']\n"
        "print(what, os.getcwd(), os.environ.get('PYTHONHASHSEED'), flush=True)\n"
        "if what == 'sleep':\n"
        "    time.sleep(600)\n"
        "if what == 'raise':\n"
        "    raise ValueError('no good')\n"
        "sys.exit(7 if what == 'seven' else None)\n"
    )
    path = tmp_path / "in" / "socket"
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]),
    }
    process = subprocess.Popen([sys.executable, "-c", _STANDBY, str(path), "a_run"], env=environment)
    wait_for("the socket", path.exists)
    yield path
    process.terminate()
    assert process.wait(60) == 0
    assert not path.exists()


def hand_over(path: Path, what: str, folder: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "ALLOOP_STANDBY": str(path), "WHAT": what, "PYTHONHASHSEED": "5"}
    command = [sys.executable, "-m", "alloop_flows.standby_client"]
    return subprocess.Popen(
        command, env=environment, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def test_a_run_has_its_callers_environment_folder_output_and_status(standby: Path, tmp_path: Path) -> None:
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    for what, status in (("well", 0), ("seven", 7), ("raise", 1)):
        called = hand_over(standby, what, folder)
        out, err = called.communicate(timeout=60)
        assert called.returncode == status
        assert out.split() == [what, str(folder), "5"]
        assert ("ValueError: no good" in err) == (what == "raise")


def run_of(called: subprocess.Popen[str], standby: Path) -> psutil.Process:
    """The process of a run that sleeps."""
    assert called.stdout is not None
    assert called.stdout.readline().startswith("sleep")
    (server,) = [p for p in psutil.Process().children() if str(standby) in p.cmdline()]
    (run,) = server.children()
    return run


def test_a_killed_run_ends_its_caller_and_a_killed_caller_its_run(standby: Path, tmp_path: Path) -> None:
    called = hand_over(standby, "sleep", tmp_path)
    run_of(called, standby).kill()
    assert called.wait(60) == 128 + signal.SIGKILL
    called = hand_over(standby, "sleep", tmp_path)
    run = run_of(called, standby)
    called.kill()
    run.wait(60)
    called = hand_over(standby, "sleep", tmp_path)
    run = run_of(called, standby)
    called.send_signal(signal.SIGTERM)
    assert called.wait(60) == 128 + signal.SIGTERM
    assert not run.is_running()


def test_runs_die_with_the_standby_process(standby: Path, tmp_path: Path) -> None:
    path = standby.parent / "other"
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(tmp_path), os.environ.get("PYTHONPATH", "")]),
    }
    process = subprocess.Popen([sys.executable, "-c", _STANDBY, str(path), "a_run"], env=environment)
    wait_for("the socket", path.exists)
    called = hand_over(path, "sleep", tmp_path)
    run = run_of(called, path)
    process.kill()
    process.wait()
    assert called.wait(60) == 128 + signal.SIGKILL
    deadline = time.monotonic() + 60
    while run.is_running() and run.status() != psutil.STATUS_ZOMBIE and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not run.is_running() or run.status() == psutil.STATUS_ZOMBIE


def test_without_a_standby_process_a_run_does_itself(tmp_path: Path) -> None:
    called = hand_over(tmp_path / "nobody", "well", tmp_path)
    _, err = called.communicate(timeout=120)
    assert called.returncode == 1
    assert "Invalid flow run id" in err  # said by prefect.engine, which was not told of any


def test_a_strange_order_is_not_taken(standby: Path) -> None:
    with connect(str(standby)) as client:
        client.sendall((2**31).to_bytes(4, "big"))
        assert b"too long" in client.recv(1000)
    with connect(str(standby)) as client:
        client.sendall((2).to_bytes(4, "big") + b"{}")
        assert b"refused" in client.recv(1000)
