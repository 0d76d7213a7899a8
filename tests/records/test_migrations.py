from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from records_builders import PLATE, SLUG, add_campaign, add_plate, approve, upload, value

import alloop.records
from alloop.errors import RecordsError
from alloop.records import Records
from alloop.records.engine import migrate, schema_version, transaction
from alloop.records.schema import APPEND_ONLY, HEAD, MAY_CHANGE, metadata


def revisions() -> list[str]:
    config = Config()
    config.set_main_option("script_location", str(Path(alloop.records.__file__).parent / "migrations"))
    return [script.revision for script in ScriptDirectory.from_config(config).walk_revisions()]


def tables(records: Records) -> list[str]:
    with transaction(records.engine, writer=False) as connection:
        return sorted(sa.inspect(connection).get_table_names())


def test_the_newest_migration_is_the_schemas_version() -> None:
    assert revisions()[0] == HEAD


def test_migrations_make_exactly_the_tables_of_the_schema(records: Records) -> None:
    with transaction(records.engine, writer=False) as connection:
        context = MigrationContext.configure(
            connection, opts={"compare_type": True, "compare_server_default": True}
        )
        assert compare_metadata(context, metadata) == []
    assert tables(records) == sorted([*metadata.tables, "alembic_version"])


def test_the_sql_of_migrations_and_schema_is_the_same(tmp_path: Path) -> None:
    # Compares what alembic's comparison leaves out: checks and the names of constraints.
    def statements(engine: sa.Engine) -> set[frozenset[str]]:
        query = "SELECT sql FROM sqlite_master WHERE type IN ('table', 'index') AND sql IS NOT NULL"
        with engine.connect() as connection:
            found = connection.scalars(sa.text(query)).all()
        return {
            frozenset(line.strip(" \t,") for line in sql.splitlines())
            for sql in found
            if "alembic_version" not in sql
        }

    plain = sa.create_engine(f"sqlite:///{tmp_path / 'plain.db'}")
    metadata.create_all(plain)
    assert statements(Records.open(tmp_path / "home", create=True).engine) == statements(plain)


def test_every_table_is_guarded() -> None:
    assert sorted([*APPEND_ONLY, *MAY_CHANGE]) == sorted(metadata.tables)


def test_migrations_go_down_and_up_again(records: Records) -> None:
    for revision in [*revisions()[1:], "base"]:
        migrate(records.engine, revision)
    assert tables(records) == ["alembic_version"]
    migrate(records.engine, HEAD)
    add_campaign(records)
    assert records.doctor().healthy


def test_every_step_down_and_up_keeps_what_the_older_schema_holds(
    records: Records, open_records: Callable[..., Records]
) -> None:
    add_campaign(records)
    add_plate(records)
    approve(records, PLATE)
    upload(records, b"one", [value()])
    before = contents(records)
    for older in revisions()[1:]:
        migrate(records.engine, older)
        with transaction(records.engine, writer=False) as connection:
            assert schema_version(connection) == older
        again = open_records(create=False)  # an older database is brought up to date
        after = contents(again)
        for name in ("campaign", "campaign_version", "plate", "plan_revision", "well", "sample"):
            assert after[name] == before[name]
        assert again.doctor().healthy
    # Only going below the version that brought the results takes them away.
    assert before["measurement"]
    assert after["measurement"] == []


def contents(records: Records) -> dict[str, list[Any]]:
    with transaction(records.engine, writer=False) as connection:
        return {
            table.name: list(connection.execute(sa.select(table).order_by(*table.primary_key.columns)).all())
            for table in metadata.sorted_tables
        }


def test_an_older_schema_is_migrated_when_it_is_opened(open_records: Callable[..., Records]) -> None:
    records = open_records()
    add_campaign(records)
    migrate(records.engine, revisions()[1])
    again = open_records(create=False)
    assert again.campaigns() == records.campaigns()
    assert again.doctor().healthy


def test_a_newer_schema_is_refused(open_records: Callable[..., Records]) -> None:
    records = open_records()
    with records.writing(by="ada") as tx:
        tx.connection.execute(sa.text("UPDATE alembic_version SET version_num = '9999'"))
    with pytest.raises(RecordsError, match="newer than this alloop"):
        open_records()


def test_a_schema_change_is_all_or_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    records = Records(tmp_path, None)
    monkeypatch.setattr("alloop.records.engine._MIGRATIONS", _broken_migrations(tmp_path))
    with pytest.raises(ZeroDivisionError):
        migrate(records.engine, HEAD)
    with transaction(records.engine, writer=False) as connection:
        assert schema_version(connection) is None
        assert sa.inspect(connection).get_table_names() == []


def _broken_migrations(folder: Path) -> Path:
    import shutil

    source = Path(alloop.records.__file__).parent / "migrations"
    copy = folder / "migrations"
    shutil.copytree(source, copy)
    last = copy / "versions" / "0003_guards.py"
    last.write_text(last.read_text().replace('"""Make the triggers."""', "1 / 0"))
    return copy


def test_a_database_without_campaigns_is_still_records(open_records: Callable[..., Records]) -> None:
    open_records().close()
    records = open_records(create=False)
    add_campaign(records)
    assert [row.slug for row in records.campaigns()] == [SLUG]
