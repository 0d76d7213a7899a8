"""Parts of the planner switched off for a while: for `ablation.py`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from alloop.planning import beliefs, exploring, roles
from alloop.surrogate import Observations
from alloop.surrogate.belief import learn
from alloop.surrogate.guards import Guarded


@contextmanager
def guards(on: bool) -> Iterator[None]:
    """The planner with or without its guards."""

    def unguarded(data: Observations, seed: int, *rest: Any, **_: Any) -> Guarded:
        return Guarded(learn(data, seed, *rest), (), False)

    with _changed(beliefs, "learn_guarded", beliefs.learn_guarded if on else unguarded):
        yield


@contextmanager
def blindness(share: float | None) -> Iterator[None]:
    """The planner with another share of exploring wells while it can predict nothing."""
    with _changed(exploring, "BLIND_SHARE", exploring.BLIND_SHARE if share is None else share):
        yield


@contextmanager
def replication(surprises_first: bool) -> Iterator[None]:
    """The planner with its order of replicates, or with the best first, whatever surprised."""
    with _changed(roles, "SURPRISE_Z", roles.SURPRISE_Z if surprises_first else np.inf):
        yield


@contextmanager
def _changed(module: Any, name: str, value: Any) -> Iterator[None]:
    kept = getattr(module, name)
    setattr(module, name, value)
    try:
        yield
    finally:
        setattr(module, name, kept)
