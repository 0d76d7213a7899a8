"""A group's server by the commands of its guide: PostgreSQL, Prefect's server, prefect.yaml, a worker, the watch."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import psutil
from prefect.client.orchestration import get_client
from prefect.settings import PREFECT_API_URL, temporary_settings
from serving import PATIENCE_S, Embedded, free_port, get_json, runs_of, start_tied, wait_for
from upkeep_lab import PLATE, SCHEDULE, SLUG, Lab

ROOT = Path(__file__).parents[2]


@contextmanager
def running(command: list[str], environment: dict[str, str], log: Path) -> Iterator[None]:
    """A command that runs until the block ends, with all that it started."""
    with log.open("ab") as out:
        process = start_tied(command, env=environment, stdout=out, stderr=out, cwd=log.parent)
    try:
        yield
    finally:
        own = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
        process.terminate()
        psutil.wait_procs(own, timeout=30)
        for one in own:
            if one.is_running():
                one.kill()
        process.wait()


def test_a_groups_server_does_rounds_and_releases(
    tmp_path: Path, postgres_url: str, saved_home: Callable[[str, str], Any]
) -> None:
    old, home, backup = tmp_path / "old", tmp_path / "home", tmp_path / "lab.zip"
    saved_home("sqlite", "registered").copy_to(old, Embedded())
    port, health = free_port(), free_port()
    api = f"http://127.0.0.1:{port}/api"
    bin_folder = str(Path(sys.executable).parent)
    environment = {
        **os.environ,
        "PATH": f"{bin_folder}{os.pathsep}{os.environ['PATH']}",
        "ALLOOP_HOME": str(home),
        "ALLOOP_DATABASE_URL": postgres_url,
        "PREFECT_HOME": str(tmp_path / "prefect"),
        "PREFECT_API_URL": api,
        "DO_NOT_TRACK": "1",
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_WORKER_QUERY_SECONDS": "1",
    }
    own = {name: value for name, value in environment.items() if name != "ALLOOP_DATABASE_URL"}
    log = tmp_path / "log"

    def do(*command: str, env: dict[str, str] = environment) -> str:
        done = subprocess.run(command, env=env, cwd=ROOT, capture_output=True, text=True, timeout=PATIENCE_S)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    do("alloop", "--home", str(old), "backup", str(backup), env=own)
    do("alloop", "restore", str(backup))
    lab = Lab(tmp_path, postgres_url)
    lab.says(SCHEDULE)
    records = lab.records()
    with ExitStack() as stack, temporary_settings({PREFECT_API_URL: api}):
        command = ["prefect", "server", "start", "--host", "127.0.0.1", "--port", str(port)]
        stack.enter_context(running(command, environment, log))
        wait_for("Prefect's server", lambda: get_json(f"{api}/health")[0] == 200, log)
        do("prefect", "work-pool", "create", "alloop", "--type", "process")
        do("prefect", "--no-prompt", "deploy", "--all")
        stack.enter_context(running(["prefect", "worker", "start", "--pool", "alloop"], environment, log))
        stack.enter_context(running(["alloop", "watch", "--port", str(health)], environment, log))
        client = stack.enter_context(get_client(sync_client=True))
        names = {
            (client.read_flow(one.flow_id).name, one.name): one.description
            for one in client.read_deployments()
        }
        assert len(names) == 7
        wait_for("the proposal", lambda: [p.state for p in records.plates(SLUG)] == ["proposed"], log)
        assert get_json(f"http://127.0.0.1:{health}/health")[0] == 200
        # the watch keeps the deployments of prefect.yaml as they are
        described = {
            (client.read_flow(d.flow_id).name, d.name): d.description for d in client.read_deployments()
        }
        assert {name: described[name] for name in names} == names
        assert set(described) - set(names) == {("campaign-round", SLUG)}
        do("alloop", "approve", PLATE, "--by", "bo")
        wait_for("the release", lambda: "released" in {e.verb for e in records.events(SLUG)}, log)
        wait_for("the run's end", lambda: runs_of(client, "release", "Completed"), log)
        assert (tmp_path / "home" / "plates" / PLATE / "sheet.html").is_file()
    lab.close()
