"""The `alloop` command: thin; every command calls `Campaign` and says what came of it."""

from alloop.cli.app import app, main

__all__ = ["app", "main"]
