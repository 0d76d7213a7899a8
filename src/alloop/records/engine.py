"""Opening the database: SQLite beside the raw files by default, PostgreSQL by URL; and its migrations."""

from __future__ import annotations

import os
import sqlite3
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine.interfaces import DBAPIConnection, DBAPICursor
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError, OperationalError

from alloop.errors import RecordsError, StateError, TryAgainError
from alloop.records.schema import HEAD

DATABASE_NAME = "alloop.db"
BUSY_SECONDS = 30
_PAUSE = 0.01
_WRITER = "alloop_writer"
# Any fixed number: the one lock that writers to a PostgreSQL database take turns with.
_LOCK_KEY = 6151
# PostgreSQL's states for no connection, too many of them, and a server that shuts down or starts up.
_PASSING_STATES = ("08", "53300", "57P")
# A machine that vanished says nothing: the other side notices within a minute, instead of hanging for hours. What the
# URL or the environment says about it stands.
_CLIENT_SIDE = {
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}
_SERVER_SIDE = {
    "tcp_keepalives_idle": "30",
    "tcp_keepalives_interval": "10",
    "tcp_keepalives_count": "3",
    "tcp_user_timeout": "60s",
}
_MIGRATIONS = Path(__file__).parent / "migrations"


def make_engine(home: Path, url: str | None) -> sa.Engine:
    """An engine for the database of `home`, or for the one at `url`.

    Raises:
        StateError: when the URL cannot be read or its driver is not installed.
    """
    if url is None:
        engine = sa.create_engine(
            sa.URL.create("sqlite", database=str(home / DATABASE_NAME)), poolclass=sa.NullPool
        )
        sa.event.listen(engine, "connect", _prepare_sqlite)
        sa.event.listen(engine, "begin", _begin_sqlite)
        return engine
    try:
        address = sa.make_url(url)
        if address.drivername in ("postgresql", "postgres"):
            address = address.set(drivername="postgresql+psycopg")
        if address.get_backend_name() != "postgresql":
            raise StateError(
                f"{address.drivername} databases are not supported",
                "give a URL that begins with postgresql:// or none for SQLite",
                "ALLOOP_DATABASE_URL",
            )
        unsaid = {name: value for name, value in _CLIENT_SIDE.items() if name not in address.query}
        if "PGCONNECT_TIMEOUT" in os.environ:
            unsaid.pop("connect_timeout", None)
        engine = sa.create_engine(address, pool_pre_ping=True, connect_args=unsaid)
    except (ArgumentError, NoSuchModuleError) as error:
        raise StateError(
            str(error), "write postgresql://user@host/database", "ALLOOP_DATABASE_URL"
        ) from error
    except ModuleNotFoundError as error:
        raise StateError(
            f"the PostgreSQL driver {error.name} is not installed",
            "install it with: pip install 'alloop[postgres]'",
            "ALLOOP_DATABASE_URL",
        ) from error
    sa.event.listen(engine, "connect", _prepare_postgres)
    sa.event.listen(engine, "begin", _begin_postgres)
    return engine


def _prepare_sqlite(connection: DBAPIConnection, _record: object) -> None:
    # The driver's own transaction handling is switched off, so that ours covers the schema's changes too.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout = {BUSY_SECONDS * 1000}")
    _switch_to_wal(cursor)
    cursor.execute("PRAGMA synchronous = FULL")  # an acknowledged commit survives a power cut
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


def _switch_to_wal(cursor: DBAPICursor) -> None:
    """Write ahead. While another connection switches a new file, SQLite refuses at once instead of waiting."""
    until = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            cursor.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY or time.monotonic() > until:
                raise
            time.sleep(_PAUSE)
        else:
            return


def _prepare_postgres(connection: DBAPIConnection, _record: object) -> None:
    # Else the turn of a writer whose machine lost its power would be kept for two hours.
    cursor = connection.cursor()
    for name, value in _SERVER_SIDE.items():
        cursor.execute("SELECT set_config(%s, %s, false)", (name, value))
    cursor.close()
    connection.commit()


def _begin_sqlite(connection: sa.Connection) -> None:
    writer = connection.get_execution_options().get(_WRITER, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writer else "BEGIN")


def _begin_postgres(connection: sa.Connection) -> None:
    if connection.get_execution_options().get(_WRITER, False):
        connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{BUSY_SECONDS}s'")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({_LOCK_KEY})")
    else:
        connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")


@contextmanager
def transaction(engine: sa.Engine, writer: bool, keep: bool = True) -> Iterator[sa.Connection]:
    """One transaction: committed at the end, rolled back when anything fails or when not to `keep`.

    A writer waits its turn (one writer at a time, on both databases), so that what it reads holds until it
    commits. A reader sees one state of the records throughout.

    Raises:
        TryAgainError: when the database does not answer, hung up, or another writer took too long.
        RecordsError: when it is full or read-only, or refuses the change.
    """
    try:
        with (
            engine.connect().execution_options(**{_WRITER: writer}) as connection,
            connection.begin() as current,
        ):
            yield connection
            if not keep:
                current.rollback()
    except DBAPIError as error:
        kind = TryAgainError if _may_pass(error) else RecordsError
        raise kind(_explain(engine, error)) from error


def _may_pass(error: DBAPIError) -> bool:
    """Whether the same may work in a moment: no connection, a broken one, or somebody else's turn for too long."""
    if error.connection_invalidated or _is_busy(str(error.orig)):
        return True
    state = getattr(error.orig, "sqlstate", None)
    if isinstance(error.orig, sqlite3.Error) or not isinstance(error, OperationalError):
        return False
    return state is None or state.startswith(_PASSING_STATES)


def _is_busy(text: str) -> bool:
    return "locked" in text or "lock timeout" in text


def _explain(engine: sa.Engine, error: DBAPIError) -> str:
    place = f"records in {engine.url.render_as_string(hide_password=True)}"
    text = str(error.orig).strip().splitlines()[0] if str(error.orig).strip() else type(error.orig).__name__
    if _is_busy(text):
        return f"{place}: another process has been writing for {BUSY_SECONDS} s; try again when it is done"
    if "readonly" in text or "read-only" in text:
        return f"{place}: they are read-only; check the folder's permissions"
    if "disk is full" in text or "No space left" in text:
        return f"{place}: the disk is full; nothing was recorded"
    return f"{place}: {text}"


def schema_version(connection: sa.Connection) -> str | None:
    """The version of the schema that the database holds, None when it holds no records."""
    if not sa.inspect(connection).has_table("alembic_version"):
        return None
    found: Any = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar()
    return None if found is None else str(found)


def check_schema(engine: sa.Engine, create: bool, where: str) -> None:
    """Bring the database to the schema of this version of alloop, or say why that cannot be.

    An older schema is migrated. An empty database gets its tables only when `create` says so.

    Raises:
        StateError: when there are no records and none are to be made.
        RecordsError: when the records were written by a newer alloop.
    """
    with transaction(engine, writer=False) as connection:
        found = schema_version(connection)
    if found == HEAD:
        return
    if found is None and not create:
        raise StateError(
            "there are no records here",
            "register a campaign with alloop init FILE, or set ALLOOP_HOME",
            where,
        )
    migrate(engine, HEAD)


def migrate(engine: sa.Engine, revision: str) -> None:
    """Migrate the schema up or down to a revision (`base` takes all of it away), in one transaction.

    Raises:
        RecordsError: when the database's revision is unknown to this version of alloop.
    """
    from alembic import command
    from alembic.config import Config
    from alembic.script import ScriptDirectory

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    known = {script.revision for script in ScriptDirectory.from_config(config).walk_revisions()}
    with transaction(engine, writer=True) as connection:
        found = schema_version(connection)
        if found is not None and found not in known:
            raise RecordsError(
                f"records in {engine.url.render_as_string(hide_password=True)}: their schema {found} is "
                f"newer than this alloop's {HEAD}; install the newer alloop"
            )
        config.attributes["connection"] = connection
        if revision == "base" or (found is not None and found > revision):
            command.downgrade(config, revision)
        elif found != revision:
            command.upgrade(config, revision)
