"""What holds for all tests: folders of their own, and databases of their own on SQLite and PostgreSQL.

A test that takes the fixture `database` (most do so through others) runs on both kinds; `--database` chooses one.
The server is that of ALLOOP_TEST_POSTGRES_URL, else the one on 127.0.0.1:5432; its user must be allowed to make
databases. Where none answers, the tests say so loudly.
"""

from __future__ import annotations

import atexit
import importlib.util
import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
import sqlalchemy as sa

if TYPE_CHECKING:
    from alloop.runner import Runner

# BoTorch compiles a kernel into a folder that all processes share: a lock left there by a killed one blocks for ever
_FOLDER = tempfile.mkdtemp(prefix="torch-extensions-")
os.environ["TORCH_EXTENSIONS_DIR"] = _FOLDER
atexit.register(shutil.rmtree, _FOLDER, ignore_errors=True)

SERVER = os.environ.get("ALLOOP_TEST_POSTGRES_URL", "postgresql://postgres@127.0.0.1:5432/postgres")
KINDS = ("sqlite", "postgresql")
UNTESTED = "PostgreSQL IS NOT TESTED"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--database",
        choices=(*KINDS, "both"),
        default="both",
        help="on which databases the tests run that use one",
    )


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", "sqlite(why): a test of what only SQLite has; not run on PostgreSQL")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "database" not in metafunc.fixturenames:
        return
    chosen = metafunc.config.getoption("--database")
    kinds: list[object] = list(KINDS if chosen == "both" else (chosen,))
    mark = metafunc.definition.get_closest_marker("sqlite")
    if mark is not None:
        skipped = pytest.mark.skip(reason=f"SQLite only: {mark.args[0]}")
        kinds = ["sqlite"] if "sqlite" in kinds else [pytest.param("postgresql", marks=skipped)]
    metafunc.parametrize("database", kinds, indirect=True)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    skipped = [
        one
        for one in terminalreporter.stats.get("skipped", ())
        if UNTESTED in str(getattr(one, "longrepr", ""))
    ]
    if skipped:
        why = str(skipped[0].longrepr[-1]).partition(UNTESTED)[2]
        terminalreporter.write_sep("!", f"{UNTESTED}{why} ({len(skipped)} tests)", red=True, bold=True)


class Server:
    """A PostgreSQL server on which the tests make databases of their own."""

    def __init__(self, url: str) -> None:
        self.url = sa.make_url(url).set(drivername="postgresql+psycopg")
        self._engine = sa.create_engine(
            self.url,
            poolclass=sa.NullPool,
            isolation_level="AUTOCOMMIT",
            connect_args={"connect_timeout": 5},
        )

    def order(self, text: str) -> None:
        """Give the server an order outside any transaction."""
        with self._engine.connect() as connection:
            connection.exec_driver_sql(text)

    def create(self, template: str | None = None) -> str:
        """A new database, empty or a copy of one that `create` made before; returns its URL."""
        name = f"alloop_test_{uuid.uuid4().hex}"
        order = f"CREATE DATABASE {name}"
        if template is not None:
            source = sa.make_url(template).database
            self.disconnect(template)  # only a database that nobody uses can be copied
            order += f" TEMPLATE {source}"
        self.order(order)
        url = self.url.set(drivername="postgresql", database=name)
        return url.render_as_string(hide_password=False)

    def disconnect(self, url: str) -> None:
        """End every connection to a database, as a server that restarts does."""
        name = sa.make_url(url).database
        others = f"SELECT pid FROM pg_stat_activity WHERE datname = '{name}'"
        with self._engine.connect() as connection:
            connection.exec_driver_sql(f"SELECT pg_terminate_backend(pid, 10000) FROM ({others}) AS backend")

    def drop(self, url: str) -> None:
        """Take a database away, whoever still uses it."""
        self.order(f"DROP DATABASE {sa.make_url(url).database} WITH (FORCE)")


@dataclass
class Databases:
    """The kind of database that a test runs on, and the databases that it has made."""

    kind: str
    server: Server | None = None
    made: list[str] = field(default_factory=list)

    def new(self, template: str | None = None) -> str | None:
        """The URL of an empty database, or of a copy of `template`; None for SQLite, which lies in the home."""
        if self.server is None:
            return None
        self.made.append(self.server.create(template))
        return self.made[-1]

    def drop_all(self) -> None:
        """Take away what was made."""
        while self.server is not None and self.made:
            self.server.drop(self.made.pop())


@pytest.fixture(scope="session")
def postgres() -> Server | str:
    """A PostgreSQL server, or why there is none."""
    if importlib.util.find_spec("psycopg") is None:
        return "psycopg is not installed: pip install 'alloop[postgres]'"
    server = Server(SERVER)
    try:
        server.drop(server.create())
        return server
    except (sa.exc.OperationalError, sa.exc.ProgrammingError) as error:
        shown = server.url.render_as_string(hide_password=True)
        return f"no use can be made of {shown}: {str(error.orig).strip()}"


def databases_of(kind: str, postgres: Server | str) -> Databases:
    """Databases of a kind.

    Skips the test where there is no server of it.
    """
    if kind == "sqlite":
        return Databases(kind)
    if isinstance(postgres, str):
        pytest.skip(f"{UNTESTED}: {postgres}")
    return Databases(kind, postgres)


@pytest.fixture
def database(request: pytest.FixtureRequest) -> Iterator[Databases]:
    """The databases of a test, of one kind; they are gone when it ends."""
    kind = request.param
    found = databases_of(kind, "" if kind == "sqlite" else request.getfixturevalue("postgres"))
    yield found
    found.drop_all()


@pytest.fixture
def url(database: Databases) -> str | None:
    """Where the records of a test are: None for SQLite in the home folder, else an empty PostgreSQL database."""
    return database.new()


@pytest.fixture
def postgres_url(request: pytest.FixtureRequest) -> Iterator[str]:
    """An empty PostgreSQL database, for tests that need one besides SQLite."""
    if request.config.getoption("--database") == "sqlite":
        pytest.skip("left out by --database sqlite")
    found = databases_of("postgresql", request.getfixturevalue("postgres"))
    address = found.new()
    assert address is not None
    yield address
    found.drop_all()


@pytest.fixture(scope="session")
def saved_home(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Iterator[Callable[[str, str], Any]]:
    """Homes to copy, by kind of database: the small campaign "registered", or with its first plate "approved"."""
    from campaign_shell import SavedHome, save_home

    steps = {
        "registered": (None, [["init", "small.yaml", "--by", "ada"]]),
        "approved": (
            "registered",
            [["plan", "small-spinel", "--by", "ada"], ["approve", "SMALL-SPINEL-001", "--by", "bo"]],
        ),
    }
    saved: dict[tuple[str, str], SavedHome] = {}
    databases: dict[str, Databases] = {}

    def home(kind: str, name: str) -> SavedHome:
        if (kind, name) not in saved:
            if kind not in databases:
                server = None if kind == "sqlite" else request.getfixturevalue("postgres")
                databases[kind] = Databases(kind, server)
            before, commands = steps[name]
            place = tmp_path_factory.mktemp(f"{kind}-{name}")
            after = None if before is None else home(kind, before)
            saved[kind, name] = save_home(place, databases[kind], commands, after)
        return saved[kind, name]

    yield home
    for own in databases.values():
        own.drop_all()


@pytest.fixture(scope="session")
def processes() -> Iterator[Runner]:
    """Two processes that compute pieces: to begin them takes seconds."""
    from alloop.runner import open_runner

    with open_runner("processes:2") as runner:
        yield runner


@pytest.fixture(scope="session")
def cluster() -> Iterator[Runner]:
    """A Dask cluster of two processes on this machine."""
    from alloop.runner import open_runner

    with open_runner("dask:2") as runner:
        yield runner
