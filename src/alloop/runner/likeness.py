"""Whether a worker computes as this process does: other versions would give other plans, or none."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from alloop.errors import RunnerError

_PACKAGES = ("numpy", "scipy", "torch", "scikit-learn", "pymatgen", "threadpoolctl")
"""What the pieces compute with."""


@cache
def likeness() -> dict[str, str]:
    """Versions of everything that a result depends on, and a hash of alloop's own code, by name."""
    found = {"python": platform.python_version()}
    for name in _PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            found[name] = "missing"
    return {**found, "alloop": f"{version('alloop')} ({_code()})"}


def _code() -> str:
    root = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for path in sorted(root.rglob("*.py")):
        digest.update(path.relative_to(root).as_posix().encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:8]


def differences(theirs: Mapping[str, str], ours: Mapping[str, str]) -> str:
    """What differs, in words such as `numpy 2.1.0 there, 2.2.0 here`; "" where nothing does."""
    names = [name for name in ours if theirs.get(name) != ours[name]]
    return ", ".join(f"{name} {theirs.get(name, 'missing')} there, {ours[name]} here" for name in names)


def require_likeness(ours: Mapping[str, str]) -> None:
    """See that this worker computes as the one that asks does, whose likeness is `ours`.

    Raises:
        RunnerError: saying what differs.
    """
    if differ := differences(likeness(), ours):
        what = f"a worker on {platform.node()} computes with other versions: {differ}"
        raise RunnerError(what, "install the same versions everywhere", "--runner")
