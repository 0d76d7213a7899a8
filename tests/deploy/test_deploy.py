"""What a server is set up with: checked by the tools there are, and run as far as that goes without a server."""

from __future__ import annotations

import configparser
import os
import re
import shlex
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from alloop.cli.app import run

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
SERVICES = sorted(DEPLOY.glob("*.service"))
BIN = Path(sys.executable).parent


def tool(name: str) -> str:
    """Where a tool is, beside Python or on the path; skips the test where it is not."""
    found = shutil.which(name, path=f"{BIN}{os.pathsep}{os.environ['PATH']}")
    if found is None:
        pytest.skip(f"{name} IS NOT THERE: what it checks is not checked")
    return found


def succeeds(*command: str, **options: object) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=300, **options)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def unit(path: Path) -> dict[str, list[str]]:
    """The settings of a unit's service: a name may come several times."""
    found: dict[str, list[str]] = {}
    for line in path.read_text().splitlines():
        name, sign, value = line.partition("=")
        if sign and not line.startswith("#"):
            found.setdefault(name, []).append(value)
    return found


def alloop_calls() -> Iterator[tuple[str, list[str]]]:
    """Every way in which the files call alloop: who calls, and the arguments."""
    for path in SERVICES:
        for line in unit(path)["ExecStart"]:
            words = shlex.split(line)
            words = shlex.split(words[-1].removeprefix("exec ")) if words[0] == "/bin/sh" else words
            yield path.name, words[1:]
    docker = (DEPLOY / "Dockerfile").read_text()
    (command,) = re.findall(r"^CMD (\[.*\])$", docker, re.MULTILINE)
    yield "Dockerfile", YAML(typ="safe").load(command)


def test_units_are_what_systemd_understands(tmp_path: Path) -> None:
    verify = tool("systemd-analyze")
    for path in [*SERVICES, *DEPLOY.glob("*.timer")]:
        text = path.read_text().replace("/opt/alloop/bin/alloop", sys.executable)
        (tmp_path / path.name).write_text(text)
    said = succeeds(verify, "verify", "--man=no", *map(str, sorted(tmp_path.iterdir())))
    assert str(tmp_path) not in said, said


@pytest.mark.parametrize("path", SERVICES, ids=lambda path: path.name)
def test_units_may_do_little(path: Path) -> None:
    # 0 is nothing, 10 is all; the threshold is in tenths
    succeeds(tool("systemd-analyze"), "security", "--offline=true", "--threshold=20", str(path))


def test_the_compose_file_is_one() -> None:
    check = tool("check-jsonschema")
    succeeds(check, "--builtin-schema", "vendor.compose-spec", str(DEPLOY / "docker-compose.yml"))


def test_the_dockerfile_is_clean() -> None:
    succeeds(tool("hadolint"), str(DEPLOY / "Dockerfile"))


def test_everything_that_the_compose_file_asks_for_has_a_place_in_the_example() -> None:
    text = (DEPLOY / "docker-compose.yml").read_text()
    needed = set(re.findall(r"(?<!\$)\$\{(\w+):\?", text))
    given = {
        line.partition("=")[0] for line in (DEPLOY / "example.env").read_text().splitlines() if "=" in line
    }
    assert needed
    assert needed <= given
    services = YAML(typ="safe").load(text)["services"]
    for name, service in services.items():
        for variable, value in service["environment"].items():
            if "PASSWORD" in variable:
                assert str(value).startswith("${"), f"{name}: a secret stands in the file"
    assert services["alloop"]["ports"] == ["127.0.0.1:8000:8000"]


@pytest.mark.parametrize(("who", "words"), list(alloop_calls()), ids=lambda value: str(value))
def test_alloop_knows_what_it_is_called_with(
    who: str, words: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run([words[0], "--help"]) == 0
    known = capsys.readouterr().out
    for option in (word for word in words if word.startswith("--")):
        assert option in known, f"{who}: alloop {words[0]} has no {option}"


def test_the_image_takes_only_what_it_needs() -> None:
    copied = re.findall(r"^COPY (?!--from)(.*) \S+$", (DEPLOY / "Dockerfile").read_text(), re.MULTILINE)
    names = {name for line in copied for name in line.split()}
    allowed = (DEPLOY / "Dockerfile.dockerignore").read_text().splitlines()
    assert {f"!{name}" for name in names} == {line for line in allowed if line.startswith("!")}
    assert "*" in allowed
    assert all((ROOT / name).exists() for name in names)


def test_the_nightly_backup_is_made_and_brought_back(tmp_path: Path) -> None:
    """The unit's two lines, with other folders, as systemd would give them to the shell."""
    home, place = tmp_path / "home", tmp_path / "copies"
    place.mkdir()
    assert run(["--home", str(home), "init", str(ROOT / "campaigns" / "garnet.yaml"), "--by", "ada"]) == 0
    alloop = f"{sys.executable} -m alloop"
    for line in unit(DEPLOY / "alloop-backup.service")["ExecStart"]:
        text = line.replace("/opt/alloop/bin/alloop", alloop).replace("/var/backups/alloop", str(place))
        said = succeeds(*shlex.split(text.replace("%%", "%")), env=os.environ | {"ALLOOP_HOME": str(home)})
    assert "dry run: nothing was kept" in said
    (archive,) = place.iterdir()
    assert re.fullmatch(r"alloop-[1-7]\.zip", archive.name)
    assert "manifest.json" in zipfile.ZipFile(archive).namelist()


def test_the_containers_backup_waits_for_the_next_night() -> None:
    service = YAML(typ="safe").load((DEPLOY / "docker-compose.yml").read_text())["services"]["backup"]
    (command,) = service["command"]
    (wait,) = re.findall(r'while sleep "(.*?)"; do', command.replace("$$", "$"))
    seconds = int(succeeds("/bin/bash", "-c", f'echo "{wait}"'))
    assert 0 < seconds <= 2 * 86400


def test_timers_start_services_that_exist() -> None:
    for path in DEPLOY.glob("*.timer"):
        assert path.with_suffix(".service").is_file()
        timer = configparser.ConfigParser(strict=False)
        timer.read(path)
        assert timer["Timer"]["Persistent"] == "true"
