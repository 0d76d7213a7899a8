"""`replay`: what a strategy would have found among materials that were measured long ago."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alloop.campaign_file import load_campaign
from alloop.lab.backtest import HIT_SHARE, RoundScore, backtest
from alloop.lab.replay_table import load_replay
from alloop.runner import Runner


@dataclass(frozen=True)
class Replay:
    """Scores of every strategy over all seeds; `hits_total` is how many hits the pool holds."""

    runs: Mapping[str, Sequence[tuple[int, Sequence[RoundScore]]]]
    hits_total: int
    candidates: int
    objectives: tuple[str, ...]
    warnings: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        """The document of `replay --json`."""
        return {
            "strategies": {
                name: [
                    {"seed": seed, "rounds": [dataclasses.asdict(score) for score in scores]}
                    for seed, scores in runs
                ]
                for name, runs in self.runs.items()
            },
            "hits_total": self.hits_total,
            "candidates": self.candidates,
            "objectives": list(self.objectives),
        }


def replay(
    table: Path,
    campaign: Path,
    columns: Mapping[str, str],
    strategies: Sequence[str],
    *,
    initial: int,
    batch: int,
    rounds: int,
    seeds: int | Sequence[int],
    progress: Callable[[str], None] | None = None,
    runner: Runner | None = None,
) -> Replay:
    """Run the retrospective benchmark.

    Args:
        table: of measured materials.
        campaign: file that states objectives, aim and process settings; of its space only those are used.
        columns: headings of the table by name, before those that the campaign's pool names if it is this table.
        strategies: which to compare; all begin from the same random candidates of each seed.
        initial, batch, rounds: sizes.
        seeds: number of runs, with seeds 0, 1, …; or the seeds themselves.
        progress: told what is going on.
        runner: who does the runs; this process when None.

    Raises:
        UserError: for a wrong file, column, strategy or size.
    """
    file = load_campaign(campaign, complete=False)
    is_own = file.pool_table is not None and file.pool_table.resolve() == table.resolve()
    own = {name: heading for name, heading in file.pool_columns.items() if is_own and heading != name}
    headings = {**own, **columns}
    pool = load_replay(table, headings, file.objectives, file.settings, file.mobile_ion)
    chosen = range(seeds) if isinstance(seeds, int) else seeds
    runs = backtest(pool, file.aim, strategies, initial, batch, rounds, chosen, progress, runner)
    names = tuple(entry.property for entry in pool.objectives)
    warnings = pool.warnings
    if file.constraints:
        named = ", ".join(entry.property for entry in file.constraints)
        warnings = (*warnings, f"constraints ({named}) are not replayed; a status column is")
    return Replay(runs, math.ceil(HIT_SHARE * len(pool)), len(pool), names, warnings)
