"""Fixtures: empty records in a fresh folder, on SQLite and, where a server answers, on PostgreSQL."""

from __future__ import annotations

import importlib.util
import os
import uuid
import warnings
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa
from records_builders import PLATE, add_campaign, add_plate, approve

from alloop.records import Records

SERVER = os.environ.get("ALLOOP_TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres")


class Clock:
    """A clock that goes one second further each time it is asked."""

    def __init__(self) -> None:
        self.now = datetime(2026, 3, 1, 12, tzinfo=UTC)

    def __call__(self) -> datetime:
        self.now += timedelta(seconds=1)
        return self.now


@pytest.fixture(scope="session")
def postgres() -> str | None:
    """The URL of a PostgreSQL server that answers, or None with a loud warning."""
    if importlib.util.find_spec("psycopg") is None:
        why = "psycopg is not installed: pip install 'alloop[postgres]'"
    else:
        url = sa.make_url(SERVER).set(drivername="postgresql+psycopg")
        engine = sa.create_engine(url, connect_args={"connect_timeout": 3})
        try:
            engine.connect().close()
            return url.render_as_string(hide_password=False)
        except sa.exc.OperationalError as error:
            why = f"no server answers at {SERVER}: {error.orig}"
        finally:
            engine.dispose()
    warnings.warn(f"PostgreSQL IS NOT TESTED: {why}", stacklevel=1)
    return None


@pytest.fixture
def postgres_url(postgres: str | None) -> Iterator[str]:
    """The URL of an empty schema of its own on that server."""
    if postgres is None:
        pytest.skip("PostgreSQL IS NOT TESTED: no server or no psycopg")
    name = f"alloop_test_{uuid.uuid4().hex}"
    engine = sa.create_engine(postgres)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"CREATE SCHEMA {name}")
    url = sa.make_url(postgres).set(drivername="postgresql")
    yield url.update_query_dict({"options": f"-csearch_path={name}"}).render_as_string(hide_password=False)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"DROP SCHEMA {name} CASCADE")
    engine.dispose()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str | None:
    """Where the database is: None for SQLite in the home folder."""
    return None if request.param == "sqlite" else request.getfixturevalue("postgres_url")


@pytest.fixture
def open_records(url: str | None, tmp_path: Path) -> Iterator[Callable[..., Records]]:
    """Opens the same home again and again."""
    opened: list[Records] = []

    def open_(**options: object) -> Records:
        opened.append(
            Records.open(tmp_path / "home", **{"create": True, "url": url, "clock": Clock(), **options})
        )
        return opened[-1]

    yield open_
    for records in opened:
        records.close()


@pytest.fixture
def records(open_records: Callable[..., Records]) -> Records:
    """Empty records."""
    return open_records()


@pytest.fixture
def campaign(records: Records) -> Records:
    """Records of one campaign."""
    add_campaign(records)
    return records


@pytest.fixture
def plated(campaign: Records) -> Records:
    """Records of one campaign with an approved plate."""
    add_plate(campaign)
    approve(campaign, PLATE)
    return campaign
