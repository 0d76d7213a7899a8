"""A PostgreSQL server that hangs up, restarts or refuses: one line says so, and nothing is recorded half."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from records_builders import PLATE, SLUG, add_campaign, add_plate, approve, upload, value

from alloop.cli.app import run
from alloop.errors import TryAgainError
from alloop.records import Records, UploadRow


@pytest.fixture
def lab(postgres_url: str, tmp_path: Path) -> Iterator[Records]:
    """Records with an approved plate on a server."""
    records = Records.open(tmp_path / "home", create=True, url=postgres_url)
    add_campaign(records)
    add_plate(records)
    approve(records, PLATE)
    yield records
    records.close()


@contextmanager
def away(server: Any, url: str) -> Iterator[None]:
    """As long as the block lasts the database takes no connections, and those there were are cut."""
    name = sa.make_url(url).database
    server.order(f"ALTER DATABASE {name} ALLOW_CONNECTIONS false")
    server.disconnect(url)
    try:
        yield
    finally:
        server.order(f"ALTER DATABASE {name} ALLOW_CONNECTIONS true")


def test_connections_that_were_cut_while_nothing_was_going_on_are_not_noticed(
    lab: Records, postgres: Any, postgres_url: str
) -> None:
    postgres.disconnect(postgres_url)
    assert [row.slug for row in lab.campaigns()] == [SLUG]
    postgres.disconnect(postgres_url)
    assert upload(lab, b"one", [value()])


@pytest.mark.parametrize("moment", ["before", "middle", "commit"])
def test_a_connection_that_is_cut_while_it_writes(
    lab: Records, postgres: Any, postgres_url: str, moment: str
) -> None:
    events = len(lab.events())

    def write() -> None:
        with lab.writing("ada") as tx:
            if moment == "before":
                postgres.disconnect(postgres_url)
            tx.add_upload(UploadRow(campaign=SLUG), [("a.csv", b"a")], [value()])
            if moment == "middle":
                postgres.disconnect(postgres_url)
                tx.add_upload(UploadRow(campaign=SLUG), [("b.csv", b"b")], [value()])
            if moment == "commit":
                postgres.disconnect(postgres_url)

    with pytest.raises(TryAgainError) as caught:
        write()
    assert len(str(caught.value).splitlines()) == 1
    assert "records in postgresql" in str(caught.value)
    assert lab.measurements(SLUG) == []
    assert len(lab.events()) == events
    moment = "never"
    write()
    assert len(lab.measurements(SLUG)) == 1
    assert lab.doctor().healthy


def test_a_reader_that_is_cut_off_says_so_and_reads_again(
    lab: Records, postgres: Any, postgres_url: str
) -> None:
    def read() -> None:
        with lab.reading() as reader:
            assert reader.campaigns()
            postgres.disconnect(postgres_url)
            reader.campaigns()

    with pytest.raises(TryAgainError):
        read()
    assert lab.campaigns()


def test_a_database_that_refuses_is_told_in_one_line_and_works_again(
    lab: Records,
    postgres: Any,
    postgres_url: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("ALLOOP_DATABASE_URL", postgres_url)
    commands: list[list[str]] = [["status"], ["approve", PLATE], ["close", PLATE], ["backup", "x.zip"]]
    with away(postgres, postgres_url):
        for command in commands:
            assert run(["--home", str(lab.home), *command]) == 1
            (line,) = capsys.readouterr().err.splitlines()
            assert line.startswith("error: records in postgresql")
            assert "Traceback" not in line
        with pytest.raises(TryAgainError):
            upload(lab, b"one", [value()])
    assert upload(lab, b"one", [value()])
    assert lab.plate(PLATE).state == "approved"


def test_a_password_is_never_shown(
    postgres: Any, postgres_url: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    secret = sa.make_url(postgres_url).set(password="open-sesame", database="alloop_test_none")
    text = secret.render_as_string(hide_password=False)
    with pytest.raises(TryAgainError) as caught:
        Records.open(tmp_path / "home", create=True, url=text)
    assert "open-sesame" not in str(caught.value)


def test_a_writer_that_dies_lets_the_next_one_go_on(
    lab: Records, postgres: Any, postgres_url: str, open_second: Callable[[], Records]
) -> None:
    second = open_second()

    def write() -> None:
        with lab.writing("ada") as tx:
            tx.add_campaign("garnet")
            postgres.disconnect(postgres_url)
            with second.writing("bo") as other:
                other.add_campaign("oxide")
            tx.add_campaign("never")

    with pytest.raises(TryAgainError):
        write()
    assert sorted(row.slug for row in second.campaigns()) == sorted([SLUG, "oxide"])


def test_a_machine_that_vanished_is_noticed_within_a_minute(lab: Records) -> None:
    with lab.engine.connect() as connection:
        on_server = [
            connection.exec_driver_sql(f"SHOW {name}").scalar()
            for name in ("tcp_keepalives_idle", "tcp_keepalives_interval", "tcp_keepalives_count")
        ]
        driver: Any = connection.connection.dbapi_connection
        with socket.socket(fileno=os.dup(driver.fileno())) as client:
            options = (socket.TCP_KEEPIDLE, socket.TCP_KEEPINTVL, socket.TCP_KEEPCNT)
            here = [client.getsockopt(socket.IPPROTO_TCP, option) for option in options]
            assert client.getsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE)
    assert on_server == ["30", "10", "3"]
    assert here == [30, 10, 3]


def test_a_server_that_takes_a_connection_and_says_nothing(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        port = silent.getsockname()[1]
        url = f"postgresql://nobody@127.0.0.1:{port}/alloop?connect_timeout=2"
        with pytest.raises(TryAgainError, match="timeout expired"):
            Records.open(tmp_path / "home", create=True, url=url)


@pytest.fixture
def open_second(postgres_url: str, tmp_path: Path) -> Iterator[Callable[[], Records]]:
    """Opens the same records once more."""
    opened: list[Records] = []

    def open_() -> Records:
        opened.append(Records.open(tmp_path / "home", url=postgres_url))
        return opened[-1]

    yield open_
    for records in opened:
        records.close()
