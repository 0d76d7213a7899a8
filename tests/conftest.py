"""What holds for all tests."""

from __future__ import annotations

import atexit
import os
import shutil
import tempfile
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from alloop.runner import Runner

# BoTorch compiles a kernel into a folder that all processes share: a lock left there by a killed one blocks for ever
_FOLDER = tempfile.mkdtemp(prefix="torch-extensions-")
os.environ["TORCH_EXTENSIONS_DIR"] = _FOLDER
atexit.register(shutil.rmtree, _FOLDER, ignore_errors=True)


@pytest.fixture(scope="session")
def processes() -> Iterator[Runner]:
    """Two processes that compute pieces: to begin them takes seconds."""
    from alloop.runner import open_runner

    with open_runner("processes:2") as runner:
        yield runner


@pytest.fixture(scope="session")
def cluster() -> Iterator[Runner]:
    """A Dask cluster of two processes on this machine."""
    from alloop.runner import open_runner

    with open_runner("dask:2") as runner:
        yield runner
