"""What commands say: tables and sentences, or one JSON document; progress and problems go to stderr."""

from __future__ import annotations

import dataclasses
import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from fractions import Fraction
from pathlib import Path
from typing import Any

_WIDTH_OF_FILES = 160
"""Columns of text that goes into a file or pipe instead of a terminal."""


def emit(document: Any) -> None:
    """Print one JSON document."""
    print(json.dumps(jsonable(document), ensure_ascii=False, indent=1, allow_nan=False))


def jsonable(value: Any) -> Any:
    """`value` with everything in it turned into what JSON has; numbers that are none become null."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        return {str(name): jsonable(entry) for name, entry in value.items()}
    if isinstance(value, list | tuple):
        return [jsonable(entry) for entry in value]
    if isinstance(value, Fraction):
        return value.numerator if value.denominator == 1 else float(value)
    if isinstance(value, float):
        return value if value - value == 0 else None
    if isinstance(value, datetime):
        return value.isoformat()
    return str(value) if isinstance(value, Path) else value


def say(*lines: str) -> None:
    """Print lines as they are."""
    for line in lines:
        print(line)


def from_here(path: Path) -> Path:
    """`path` as one would write it in this folder: relative where it lies below."""
    here = Path.cwd()
    return path.relative_to(here) if path.is_relative_to(here) else path


def warn(lines: Iterable[Any]) -> None:
    """Print a line per warning to stderr."""
    for line in lines:
        print(f"warning: {line}", file=sys.stderr)


def complain(problems: Iterable[Any]) -> None:
    """Print a line per problem to stderr."""
    for problem in problems:
        print(" ".join(f"error: {problem}".split("\n")), file=sys.stderr)


def table(headers: Sequence[str], rows: Iterable[Sequence[Any]], title: str = "") -> None:
    """Print a table; numbers stand to the right."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    cells = [["" if cell is None else str(cell) for cell in row] for row in rows]
    grid = Table(title=title or None, title_justify="left", box=box.SIMPLE_HEAD, pad_edge=False)
    for position, header in enumerate(headers):
        right = bool(cells) and all(_is_number(row[position]) for row in cells)
        grid.add_column(header, justify="right" if right else "left", overflow="fold")
    for row in cells:
        grid.add_row(*row)
    width = None if sys.stdout.isatty() else _WIDTH_OF_FILES
    Console(width=width, markup=False, highlight=False, emoji=False).print(grid)


def _is_number(text: str) -> bool:
    try:
        float(text.replace(",", "").rstrip("%") or "0")
    except ValueError:
        return False
    return True


@contextmanager
def progress() -> Iterator[Callable[[str], None]]:
    """Gives a function that tells what is going on: in one changing line on a terminal, else in a line
    per step (lines that only count on are left out)."""
    if sys.stderr.isatty():
        from rich.console import Console

        with Console(stderr=True, markup=False).status("starting") as status:
            yield status.update
        return
    last = ""

    def tell(text: str) -> None:
        nonlocal last
        step = re.sub(r"[\d,]+", "#", text)
        if step != last:
            print(text, file=sys.stderr, flush=True)
        last = step

    yield tell


def figure(value: float | None, digits: int = 3) -> str:
    """A number for people: `1.23e-04`, `4.21`, `—` where there is none."""
    if value is None:
        return "—"
    return f"{value:.{digits}g}"


def plural(count: int, one: str, many: str = "") -> str:
    """A count with its noun: `1 value`, `3 values`."""
    return f"{count:,} {one if count == 1 else many or one + 's'}"
