"""The replay laboratory: it answers with what a table says was once measured."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from alloop.errors import Problem, UserError
from alloop.lab.replay_table import ReplayTable
from alloop.lab.synthetic import Delivery
from alloop.properties import get_property
from alloop.scales import from_model_scale
from alloop.space import Candidate

if TYPE_CHECKING:
    import pandas as pd

_MARK = {-1: "<", 0: "", 1: ">"}


class ReplayLaboratory:
    """Measures a plate by looking its wells up in a table; everything comes at once."""

    def __init__(self, table: ReplayTable) -> None:
        self._table = table

    def measure(
        self, plate: str, wells: Mapping[str, Candidate], delivery: Delivery = "first"
    ) -> pd.DataFrame:
        """The results table of one plate in the wide upload format, every cell a text; late ones are empty.

        Raises:
            UserError: naming every well whose candidate the table does not hold.
        """
        import pandas as pd

        table = self._table
        heads = {o.property: f"{o.property} [{get_property(o.property).unit}]" for o in table.objectives}
        rows, problems = [], []
        for label, candidate in wells.items() if delivery != "late" else ():
            rank = table.find(candidate)
            if rank is None:
                what = f"{candidate.formula} was never measured in {table.name}"
                problems.append(
                    Problem(f"{plate}, well {label}", what, "use the table as the campaign's pool")
                )
                continue
            cells = {"sample": f"{plate}-{label}"}
            for entry in table.objectives if table.formed[rank] else ():
                value = from_model_scale(float(table.values[entry.property][rank]), entry.scale)
                mark = _MARK[int(table.bounds[entry.property][rank])]
                cells[heads[entry.property]] = f"{mark}{value:.10g}"
            first = table.objectives[0]
            cells["temperature_C"] = "" if first.temperature_C is None else f"{first.temperature_C:g}"
            rows.append(
                {**cells, "kind": first.kind or "", "status": "ok" if table.formed[rank] else "not_formed"}
            )
        if problems:
            raise UserError(problems)
        columns = ["sample", *heads.values(), "temperature_C", "kind", "status"]
        return pd.DataFrame(rows, columns=columns, dtype=object).fillna("")
