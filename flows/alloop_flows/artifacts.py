"""What a flow leaves for people to read in Prefect's pages: plate maps and tables, progress, a link to the dashboard.

They are copies of what the records hold. One that cannot be left is logged and stops nothing.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import httpx
from prefect.artifacts import (
    create_link_artifact,
    create_markdown_artifact,
    create_progress_artifact,
    create_table_artifact,
)
from prefect.exceptions import PrefectException
from prefect.logging import get_run_logger

if TYPE_CHECKING:
    from alloop.campaign import Campaign
    from alloop.records import PlateProgress, WellRow

_WELL = re.compile(r"([A-Z]+)(\d+)")
_OVER = ("complete", "rejected", "cancelled")


@contextmanager
def _not_vital(what: str) -> Iterator[None]:
    try:
        yield
    except (PrefectException, httpx.HTTPError, OSError) as error:
        get_run_logger().warning("%s could not be left here: %s", what, error)


def key(*parts: str) -> str:
    """The key of an artifact: small letters, figures and dashes."""
    return re.sub(r"[^a-z0-9]+", "-", "-".join(parts).lower()).strip("-")


def cell(text: Any) -> str:
    """A text as it may stand in a table of markdown."""
    return " ".join(str(text).replace("|", "\\|").split())


def markdown_table(headings: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """A table in markdown."""
    lines = [headings, ["---"] * len(headings), *rows]
    return "\n".join("| " + " | ".join(cell(one) for one in line) + " |" for line in lines)


def leave_text(name: str, text: str, description: str = "") -> None:
    """Leave a text in markdown under a key."""
    with _not_vital("the text"):
        create_markdown_artifact(text, key=name, description=description)


def leave_plate(campaign: Campaign, plate: str) -> None:
    """Leave the map of a plate, and its wells as a table."""
    row = campaign.records.plate(plate)
    wells = campaign.records.wells(row.id)
    title = f"{row.id} is {row.state}"
    with _not_vital("the map of the plate"):
        text = f"# {title}\n\n{plate_map(wells)}\n\nFiles: `{campaign.desk.folder(row.id)}`\n{dashboard_line(row.id)}"
        create_markdown_artifact(text, key=key(row.id, "map"), description=title)
    with _not_vital("the table of the plate"):
        create_table_artifact(
            [_table_row(well) for well in wells], key=key(row.id, "wells"), description=title
        )
    link = dashboard_link(f"plates/{row.id}")
    if link:
        with _not_vital("the link to the dashboard"):
            create_link_artifact(link, link_text=row.id, key=key(row.id, "dashboard"))


def leave_progress(campaign: Campaign) -> None:
    """Leave how far a campaign is: the share of its plates that are complete, or of its newest plate's wells."""
    plates = campaign.records.progress(campaign.name)
    share, words = progress_of(plates, campaign.file.stopping.max_plates)
    with _not_vital("the progress"):
        create_progress_artifact(share, key=key(campaign.name, "progress"), description=words)
    campaign.status()  # of very many values this takes seconds, and is kept for the next one who asks


def progress_of(plates: Sequence[PlateProgress], most: int | None) -> tuple[float, str]:
    """How far a campaign is, in percent and in words; `most` is the number of plates after which it stops."""
    complete = sum(plate.state == "complete" for plate in plates)
    open_plates = [plate for plate in plates if plate.state not in _OVER]
    words = f"{complete} plates complete" + (f" of {most}" if most else "")
    for plate in open_plates:
        words += f"; {plate.plate} is {plate.state}, {plate.reported} of {plate.wells} wells reported"
    if most:
        return min(100.0, 100 * complete / most), words
    newest = open_plates[-1] if open_plates else None
    if newest is None:
        return (100.0 if complete else 0.0), words
    return 100 * newest.reported / max(1, newest.wells), words


def plate_map(wells: Sequence[WellRow]) -> str:
    """The map of a plate in markdown: a row of the table per row of the plate; what is no candidate says what it is."""
    placed: dict[str, dict[int, str]] = {}
    for well in wells:
        match = _WELL.fullmatch(well.well)
        if match is not None:
            role = "" if well.role == "candidate" else f" ({well.role})"
            placed.setdefault(match[1], {})[int(match[2])] = f"{well.formula}{role}"
    columns = range(1, max((max(row) for row in placed.values()), default=0) + 1)
    rows = [
        [f"**{name}**", *(row.get(column, "") for column in columns)] for name, row in sorted(placed.items())
    ]
    return markdown_table(["", *map(str, columns)], rows)


def _table_row(well: WellRow) -> dict[str, Any]:
    from alloop.space.types import write_level

    chances: Mapping[str, float | None] = {"p_feasible": well.p_feasible, "p_hit": well.p_hit}
    return {
        "well": well.well,
        "role": well.role,
        "formula": well.formula,
        **{name: write_level(level) for name, level in well.settings.items()},
        **{name: None if chance is None else round(chance, 3) for name, chance in chances.items()},
        "reason": well.reason,
    }


def dashboard_link(place: str) -> str | None:
    """The address of a page of the dashboard; None where ALLOOP_DASHBOARD_URL is not set."""
    root = os.environ.get("ALLOOP_DASHBOARD_URL", "").rstrip("/")
    return f"{root}/{place}" if root else None


def dashboard_line(plate: str) -> str:
    """A line that leads to a plate on the dashboard, where there is one."""
    link = dashboard_link(f"plates/{plate}")
    return f"\n[{plate} on the dashboard]({link})\n" if link else ""
