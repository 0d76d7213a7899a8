"""The reading side of what was derived from instrument files."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import Any

import sqlalchemy as sa

from alloop.records import schema
from alloop.records.derived_rows import DerivationRow
from alloop.records.reading_results import ResultsReader


class DerivedReader(ResultsReader):
    """What can be asked about derivations."""

    def derivations(self, slug: str, sample: str | None = None, figures: bool = False) -> list[DerivationRow]:
        """How a campaign's values (or one `sample`'s) were derived from files, oldest first.

        Files that were evaluated again have several derivations: the newest holds. Figures are large and left out
        (None) unless they are asked for.
        """
        table = schema.derivation
        mine = table.c.campaign_id == self.campaign_id(slug)
        if sample is not None:
            mine &= table.c.sample_id == sample
        columns = [column for column in table.c if figures or column is not table.c.figure]
        query = sa.select(*columns).where(mine).order_by(table.c.id)
        links = (
            (schema.derivation_file, schema.derivation_file.c.sha256),
            (schema.derived_value, schema.derived_value.c.measurement_id),
        )
        files, values = (self._linked(link, column, mine) for link, column in links)
        rest = {} if figures else {"figure": None}
        found = self.fetch(DerivationRow, query, campaign=slug, files=(), values=(), **rest)
        return [
            replace(
                row,
                files=tuple(files.get(row.id, ())),
                values=tuple(values.get(row.id, ())),
                flags=tuple(row.flags),
            )
            for row in found
        ]

    def _linked(
        self, link: sa.Table, column: sa.Column[Any], mine: sa.ColumnElement[bool]
    ) -> dict[int, list[Any]]:
        table = schema.derivation
        query = (
            sa.select(link.c.derivation_id, column)
            .join(table, table.c.id == link.c.derivation_id)
            .where(mine)
            .order_by(link.c.derivation_id, column)
        )
        found: dict[int, list[Any]] = defaultdict(list)
        for derivation, value in self.connection.execute(query):
            found[derivation].append(value)
        return found
