"""Pieces for runners: functions of a module that workers can import."""

from __future__ import annotations

import os
import signal
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alloop.errors import Problem, UserError

_UNPACKED: list[str] = []


@dataclass
class Model:
    """A shared object that notices where it is unpacked."""

    name: str

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        _UNPACKED.append(self.name)


def power(base: int, exponent: int) -> int:
    return base**exponent


def unpacked(model: Model, _: int) -> tuple[int, int]:
    """The process, and how often it has unpacked this model."""
    return os.getpid(), _UNPACKED.count(model.name)


def process(_: object, item: int) -> int:
    return os.getpid()


def refuse(where: str, item: int) -> int:
    if item == 3:
        raise UserError([Problem(where, "three is wrong", "say two"), Problem("", "and no four")])
    return item


def die_once(flag: Path, item: int) -> int:
    """End the worker's process the first time that item 5 is computed."""
    if item == 5 and not flag.exists():
        flag.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return item


def die(_: object, item: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return item
