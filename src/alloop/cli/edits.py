"""Commands that edit a proposal, and what may be proposed at all: swap, lock, exclude."""

from __future__ import annotations

from typing import Annotated

import typer

from alloop.cli import options as o
from alloop.cli.terminal import emit, say, warn


def swap(
    plate: o.PlateName,
    well: Annotated[str, typer.Argument(metavar="WELL", help="Such as B7.")],
    composition: Annotated[str, typer.Argument(metavar="FORMULA|KEY", help="What to make instead.")],
    settings: o.Settings = None,
    why: o.Why = "",
    by: o.By = None,
    dry_run: o.DryRun = False,
    json: o.Json = False,
) -> None:
    """Put another candidate into a well of a proposal; it is predicted anew and locked."""
    chosen = o.pairs(settings)
    done = o.campaign_of_plate(plate).swap(
        plate, well, composition, settings=chosen, why=why, by=by, dry_run=dry_run
    )
    warn(done.warnings)
    after = done.after
    if json:
        return emit(
            {
                "plate": done.plate,
                "well": after.well,
                "before": {"formula": done.before.formula, "key": done.before.key},
                "after": {"formula": after.candidate.formula, "key": after.candidate.key},
                "predictions": after.predictions,
                "p_feasible": after.p_feasible,
                "p_hit": after.p_hit,
                "reason": after.reason,
                "warnings": done.warnings,
            }
        )
    say(
        f"{done.plate} {after.well}: {after.candidate.formula} instead of {done.before.formula}", after.reason
    )
    if dry_run:
        say("dry run: nothing was kept")


def lock(
    plate: o.PlateName,
    well: Annotated[str, typer.Argument(metavar="WELL", help="Such as B7.")],
    unlock: Annotated[bool, typer.Option("--unlock", help="Take the lock off again.")] = False,
    by: o.By = None,
    dry_run: o.DryRun = False,
    json: o.Json = False,
) -> None:
    """Keep a well as it is when the plate is planned anew."""
    row = o.campaign_of_plate(plate).lock(plate, well, unlock=unlock, by=by, dry_run=dry_run)
    if json:
        return emit({"plate": row.plate, "well": row.well, "locked": row.locked})
    say(f"{row.plate} {row.well} ({row.formula}) is {'locked' if row.locked else 'not locked'}")


def exclude(
    campaign: o.CampaignName,
    target: Annotated[
        str, typer.Argument(metavar="ELEMENT|KEY", help="Such as Cd, or a key from plate.csv.")
    ],
    why: o.Why,
    lift: Annotated[bool, typer.Option("--lift", help="Allow it again.")] = False,
    by: o.By = None,
    dry_run: o.DryRun = False,
    json: o.Json = False,
) -> None:
    """Leave an element or a candidate out of all later plans."""
    from alloop.campaign.excluded import proposals_with

    opened = o.campaign(campaign)
    row = opened.exclude(target, why, lift=lift, by=by, dry_run=dry_run)
    if row.active:
        warn(proposals_with(opened.desk, row))
    if json:
        return emit(
            {"campaign": row.campaign, "kind": row.kind, "target": row.target, "excluded": row.active}
        )
    say(f"{row.kind} {row.target} is {'excluded' if row.active else 'allowed again'}")
