"""A planned plate as a notebook sees it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from alloop.campaign.planning_round import Planned

if TYPE_CHECKING:
    import pandas as pd


class Plate:
    """A planned plate: `id`, `state`, `document` (the content of plan.json), `folder` with its files."""

    def __init__(self, planned: Planned) -> None:
        self.planned = planned
        self.id = planned.plate.id
        self.state = planned.plate.state
        self.document = planned.document
        self.folder = planned.folder
        self.seconds = planned.seconds

    def __repr__(self) -> str:
        return f"<plate {self.id}, {self.state}, {len(self.document['wells'])} wells>"

    @property
    def wells(self) -> pd.DataFrame:
        """A row per well: well, sample, role, block, station, formula, key, a column per setting and predicted
        quantity, chances, reason.

        What stands behind each (neighbours, drivers, what it would teach) is in the entries of `document["wells"]`.
        """
        import pandas as pd

        rows = []
        for well in self.document["wells"]:
            names = ("well", "sample", "role", "block", "station", "formula", "key", "replicate_of")
            row = {name: well.get(name) for name in names}
            row |= well["process"]
            for name, entry in well["predictions"].items():
                row |= {f"{name}_{part}": entry[part] for part in ("median", "low90", "high90")}
            rows.append(row | {name: well[name] for name in ("p_feasible", "p_hit", "reason")})
        return pd.DataFrame(rows)


__all__ = ["Plate"]
