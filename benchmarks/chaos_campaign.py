"""A whole campaign on `alloop serve` while its processes are killed: stages of work, and kills in the midst of each."""

from __future__ import annotations

import json
import random
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from chaos_service import KINDS, Service
from chaos_world import World

_PATIENCE_S = 900.0
"""For the work of one stage, or for a process that is to be killed."""
_LONGEST_DELAY_S, _SHORT_DELAY_S = 6.0, 1.5
"""How long work goes on before a kill, at most: in planning, and where the work itself is short."""
_PLAN, _RELEASE, _LAST = 3, 1, 2
"""The shares of the kills that planning a plate, releasing one, and the last results get."""


@dataclass(frozen=True)
class Kill:
    """What was killed, in which stage, and what was due then; `forgot` says that Prefect's memory was deleted too."""

    kind: str
    stage: str
    due: tuple[str, ...]
    forgot: bool


@dataclass
class Told:
    """What happened in a disturbed campaign: the kills, and by stage the seconds from its last kill to its end."""

    kills: list[Kill] = field(default_factory=list)
    recoveries: dict[str, float] = field(default_factory=dict)

    def by_kind(self) -> dict[str, int]:
        """How many of each kind were killed."""
        counts = Counter(one.kind for one in self.kills)
        return {kind: counts[kind] for kind in KINDS}


class Disturber:
    """Kills processes of a service while there is work for a campaign."""

    def __init__(self, service: Service, world: World, seed: int) -> None:
        self._service = service
        self._world = world
        self._chance = random.Random(seed)
        self._deck = self._kinds()
        self._next = next(self._deck)
        self._serves = 0
        self._haste = 1.0
        self.told = Told()

    def _kinds(self) -> Iterator[str]:
        """Each kind once in every six kills."""
        while True:
            yield from self._chance.sample(KINDS, len(KINDS))

    def pace(self, pause_s: float = 0.2) -> None:
        """Wait a moment, and see that the service runs."""
        self._service.see_to()
        time.sleep(pause_s)

    def until(self, what: str, found: Callable[[], Any]) -> None:
        """Wait until something is so."""
        deadline = time.monotonic() + _PATIENCE_S
        while not found():
            if time.monotonic() > deadline:
                said = self._service.log.read_text(errors="replace")[-6000:]
                raise TimeoutError(f"{what} did not come within {_PATIENCE_S:.0f} s\n{said}")
            self.pace()

    def kill(self, stage: str, is_over: Callable[[], bool], longest_s: float = _SHORT_DELAY_S) -> bool:
        """Kill the next kind of process at a random moment while something is due; False when the stage is over."""
        kind, deadline = self._next, time.monotonic() + _PATIENCE_S
        delay = self._chance.uniform(0.0, longest_s) * self._haste
        while not is_over():
            if time.monotonic() > deadline:
                raise TimeoutError(f"there was no {kind} to be killed within {_PATIENCE_S:.0f} s")
            if self._service.find(kind) is None or not self._world.due():
                self.pace(0.05)
                continue
            time.sleep(delay)
            delay /= 2  # where it comes too late, the next try comes sooner
            self._haste /= 2
            process, due = self._service.find(kind), self._world.due()
            if process is None or not due:
                continue
            # the first, third… time that all of it dies, Prefect forgets everything as well
            forgets = kind == "serve" and self._serves % 2 == 0
            if not self._service.kill(kind, process, forgets):
                continue
            self._serves += kind == "serve"
            self.told.kills.append(Kill(kind, stage, tuple(due), forgets))
            self._next, self._haste = next(self._deck), 1.0
            return True
        return False


def disturbed(world: World, service: Service, kills: int, seed: int) -> Told:
    """The whole campaign by `alloop serve`, with so many kills; what happened."""
    disturber = Disturber(service, world, seed)
    shares = shared_out(kills, [*[_PLAN, _RELEASE] * world.plates, _LAST])
    service.start()
    left = 0
    for number in range(1, world.plates + 1):
        left += shares.pop(0)
        left = _plan(world, disturber, number, left)
        left = _release(world, disturber, number, left + shares.pop(0))
    _take_last(world, disturber, left + shares.pop(0))
    return disturber.told


def shared_out(count: int, weights: list[int]) -> list[int]:
    """A count shared out by weights, to whole numbers with the same sum."""
    total, given, shares = sum(weights), 0, []
    for reached in (sum(weights[: one + 1]) for one in range(len(weights))):
        shares.append(round(count * reached / total) - given)
        given += shares[-1]
    return shares


def _plan(world: World, disturber: Disturber, number: int, kills: int) -> int:
    """Until a plate is planned, from the results of the last one; how many kills are left."""
    stage, drops = f"plan {number}", world.results(number - 1) if number > 1 else []

    def is_over() -> bool:
        return world.is_published(number) and not world.due()

    for drop in drops:  # some files come before a kill, some after it
        drop()
        # a file may be taken in before anything dies: then nothing is due until the next one comes
        if kills > len(drops) and disturber.kill(stage, world.is_all_taken_in):
            kills -= 1
    while kills and disturber.kill(stage, is_over, _LONGEST_DELAY_S):
        kills -= 1
    _wait(disturber, stage, is_over)
    return kills


def _release(world: World, disturber: Disturber, number: int, kills: int) -> int:
    """Until an approved plate is released; how many kills are left."""
    stage = f"release {number}"
    world.approve(number)

    def is_over() -> bool:
        return world.is_released(number) and not world.due()

    while kills and disturber.kill(stage, is_over):
        kills -= 1
    _wait(disturber, stage, is_over)
    return kills


def _take_last(world: World, disturber: Disturber, kills: int) -> None:
    """Until the last plate is measured; all kills that are left come here, a share at each file."""
    drops = world.results(world.plates)
    for shares_left, drop in zip(range(len(drops), 0, -1), drops, strict=True):
        drop()
        for _ in range(-(-kills // shares_left)):
            kills -= disturber.kill("last results", world.is_all_taken_in)
        if kills:
            disturber.until("the taking of results", world.is_all_taken_in)
    _wait(disturber, "last results", lambda: world.is_measured(world.plates) and world.is_all_taken_in())


def _wait(disturber: Disturber, stage: str, is_over: Callable[[], bool]) -> None:
    started = time.monotonic()
    disturber.until(stage, is_over)
    if any(one.stage == stage for one in disturber.told.kills):
        disturber.told.recoveries[stage] = time.monotonic() - started


def runs_under_way(api: str) -> list[str]:
    """The flow runs that Prefect believes to be under way."""
    wanted = {"flow_runs": {"state": {"type": {"any_": ["PENDING", "RUNNING", "CANCELLING"]}}}}
    body, head = json.dumps(wanted).encode(), {"Content-Type": "application/json"}
    request = urllib.request.Request(f"{api}/flow_runs/filter", body, head)
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return [str(run["name"]) for run in json.load(answer)]
    except OSError:
        return ["unknown"]


def differences(found: dict[str, Any], expected: dict[str, Any]) -> list[str]:
    """Where two stories differ, in words."""
    said = []
    for name in expected:
        if found[name] == expected[name]:
            continue
        if isinstance(expected[name], dict):
            keys = {*found[name], *expected[name]}
            said += [f"{name}: {key}" for key in keys if found[name].get(key) != expected[name].get(key)]
        else:
            ours, theirs = Counter(map(str, found[name])), Counter(map(str, expected[name]))
            odd = (ours - theirs) + (theirs - ours)
            said += [f"{name}: {one} {ours[one]} times instead of {theirs[one]}" for one in odd]
    return sorted(said)
