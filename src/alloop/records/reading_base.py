"""What all reading shares: the connection, a campaign's number, and how a table's row becomes a value."""

from __future__ import annotations

import gc
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import MISSING, fields
from operator import itemgetter
from typing import Any, TypeVar, cast

import sqlalchemy as sa

from alloop.errors import StateError
from alloop.records import schema
from alloop.records.codec import decode_amounts, decode_settings

T = TypeVar("T")

# Fields whose column has another name, and fields that are kept as exact text.
_COLUMN = {"plate": "plate_id", "sample": "sample_id", "measurement": "measurement_id", "campaign": "slug"}
_DECODE: dict[str, Callable[[str], Any]] = {"elements": decode_amounts, "settings": decode_settings}


_BATCH = 5000


def batched(values: Sequence[T]) -> Iterator[Sequence[T]]:
    """The values in parts that fit into one statement's parameters on both databases."""
    return (values[start : start + _BATCH] for start in range(0, len(values), _BATCH))


@contextmanager
def without_collecting() -> Iterator[None]:
    """Let no garbage be looked for while very many rows are read or worked on: it takes long, and there is none.

    What was made meanwhile counts as old afterwards, so that the next look leaves it out too.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            if not gc.get_freeze_count():  # a parent process shares what is frozen with its forks
                gc.freeze()
                gc.unfreeze()
            gc.enable()


class ReaderBase:
    """Reads rows within one transaction on `connection`."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection

    def campaign_id(self, slug: str) -> int:
        """The number of a campaign in the database.

        Raises:
            StateError: when there is none of that name.
        """
        table = schema.campaign
        found = self.connection.scalar(sa.select(table.c.id).where(table.c.slug == slug))
        if found is None:
            known = ", ".join(self.connection.scalars(sa.select(table.c.slug).order_by(table.c.slug)))
            raise StateError(
                "there is no such campaign",
                f"known are: {known}" if known else "register one with alloop init FILE",
                f"campaign {slug}",
            )
        return int(found)

    def fetch(self, kind: type[T], query: sa.Select[Any], **given: Any) -> list[T]:
        """The rows of a query as values of a dataclass; fields that no column has are `given`."""
        with without_collecting():
            return list(self.stream(kind, query, **given))

    def stream(self, kind: type[T], query: sa.Select[Any], **given: Any) -> Iterator[T]:
        """The same, one by one."""
        found = self.connection.execute(query)
        columns = tuple(found.keys())
        places: dict[str, int] = {}
        for name in (entry.name for entry in fields(cast(Any, kind))):
            column = name if name in columns else _COLUMN.get(name, name)
            if name not in given and column in columns:
                places[name] = columns.index(column)
        pick = itemgetter(*places.values())
        exact = [name for name in _DECODE if name in places]
        usual = {entry.name: entry for entry in fields(cast(Any, kind)) if entry.name not in places}
        plain = {name: given[name] for name in usual if name in given}
        plain |= {n: e.default for n, e in usual.items() if n not in plain and e.default is not MISSING}
        fresh = {
            n: e.default_factory for n, e in usual.items() if n not in plain and callable(e.default_factory)
        }
        assert {*places, *plain, *fresh} == {entry.name for entry in fields(cast(Any, kind))}
        for row in found.all():  # much quicker than one by one
            values = dict(zip(places, pick(row), strict=True))
            for name in exact:
                if values[name] is not None:
                    values[name] = _DECODE[name](values[name])
            # What the dataclass's own __init__ does for frozen fields, in a fifth of the time.
            made = object.__new__(kind)
            made.__dict__.update(values, **plain)
            for name, make in fresh.items():
                made.__dict__[name] = make()
            yield made
