"""Reading a document part by part while keeping every problem and warning for one report."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, TypeVar, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from alloop.campaign_file.yaml_reader import Document, Path, Tree
from alloop.errors import CampaignFileError, Problem, UserError

Model = TypeVar("Model", bound=BaseModel)


class Report:
    """Collects what is wrong with a document; each part is read by itself, so that no error hides another."""

    def __init__(self, document: Document) -> None:
        self.document = document
        self.warnings: list[str] = []
        self._problems: list[tuple[Path, Problem]] = []

    def at(self, path: Path) -> Tree:
        """What stands at `path`; None where there is nothing."""
        tree: Tree = self.document.tree
        for step in path:
            if isinstance(tree, dict) and isinstance(step, str):
                tree = tree.get(step)
            elif isinstance(tree, list) and isinstance(step, int):
                tree = tree[step] if step < len(tree) else None
            else:
                return None
        return tree

    def has(self, path: Path) -> bool:
        """Whether something stands at `path`."""
        return self.at(path) is not None

    def say(self, path: Path, what: str, mend: str = "", key: bool = False) -> None:
        """Note a problem with the value (or the key) at `path`."""
        self._problems.append((path, Problem(self.document.where(path, key), what, mend)))

    def warn(self, path: Path, what: str, mend: str = "") -> None:
        """Note what the user should know although it stops nothing."""
        self.warnings.append(str(Problem(self.document.where(path), what, mend)))

    @contextmanager
    def catching(self, path: Path) -> Iterator[None]:
        """Note the user errors raised inside as problems at `path`."""
        try:
            yield
        except UserError as error:
            for problem in error.problems:
                where = self.document.where(path)
                what = problem.what
                if problem.where and problem.where not in where:
                    what = f"{problem.where}: {what}"
                self._problems.append((path, Problem(where, what, problem.mend)))

    def clean(self, *paths: Path) -> bool:
        """Whether nothing is wrong at, below or above these paths, so that checks may build on them."""
        return not any(
            found[: len(path)] == path or path[: len(found)] == found
            for found, _ in self._problems
            for path in paths
        )

    def raise_problems(self) -> None:
        """Raise all problems at once, in the order of the file.

        Raises:
            CampaignFileError: when there is at least one.
        """
        if self._problems:
            placed = sorted(self._problems, key=lambda entry: self._line(entry[0]))
            raise CampaignFileError(dict.fromkeys(problem for _, problem in placed))

    def _line(self, path: Path) -> int:
        lines = self.document.lines
        return next((lines[path[:n]] for n in range(len(path), 0, -1) if path[:n] in lines), 0)

    def section(self, model: type[Model], path: Path, short: str | None = None) -> Model | None:
        """The mapping at `path` as `model`; what is wrong is noted and left out.

        None when nothing useful remains. A single text may stand for a mapping with nothing but the key
        `short`.
        """
        value = self.at(path)
        if short is not None and isinstance(value, str):
            value = {short: value}
        if not isinstance(value, dict):
            keys = ", ".join(model.model_fields)
            self.say(path, "a mapping is expected here", f"its keys are {keys}")
            return None
        given = {name: entry for name, entry in value.items() if not self._means_absent(model, name, entry)}
        try:
            return model.model_validate(given)
        except ValidationError as error:
            details = error.errors(include_url=False)
        for detail in details:
            self._note(model, path, detail)
        try:
            return model.model_validate(_without(given, details))
        except ValidationError:
            return None

    def entries(self, path: Path) -> list[Path]:
        """The paths of the entries of the list at `path`; nothing there is an empty list."""
        value = self.at(path)
        if value is None:
            return []
        if not isinstance(value, list):
            self.say(path, "a list is expected here", "begin each entry with '- ' or put them in [ ]")
            return []
        return [(*path, index) for index in range(len(value))]

    def items(self, model: type[Model], path: Path, short: str | None = None) -> list[tuple[Path, Model]]:
        """The usable entries of the list at `path` as `model`, each with its own path."""
        read = ((entry, self.section(model, entry, short)) for entry in self.entries(path))
        return [(entry, item) for entry, item in read if item is not None]

    @staticmethod
    def _means_absent(model: type[BaseModel], name: str, value: Tree) -> bool:
        """An optional key with nothing behind it says as much as no key."""
        known = model.model_fields.get(name)
        return value is None and known is not None and not known.is_required()

    def _note(self, model: type[BaseModel], path: Path, detail: ErrorDetails) -> None:
        inner = tuple(step for step in detail["loc"] if step != "[key]")
        here: Path = (*path, *inner)
        kind = detail["type"]
        if kind == "extra_forbidden":
            self.say(
                here, f"unknown key {inner[-1]!r}", nearest(str(inner[-1]), model.model_fields), key=True
            )
        elif kind == "missing":
            self.say(path, f"{inner[-1]!r} is missing", f"add '{inner[-1]}: …'")
        elif kind == "alloop":
            context: Mapping[str, Any] = detail.get("ctx", {})
            self.say(here, str(context["what"]), str(context["mend"]))
        elif kind == "literal_error":
            choices = _choices(model, str(inner[0])) or [str(detail.get("ctx", {}).get("expected"))]
            self.say(
                here, f"{detail['input']!r} is not one of the choices", nearest(str(detail["input"]), choices)
            )
        elif kind in {"tuple_type", "list_type"}:
            self.say(here, "a list is expected here", "put the entries in [ ] or behind '- '")
        elif kind in {"dict_type", "model_type"}:
            self.say(here, "a mapping is expected here", "write 'key: value'")
        elif kind == "too_short":
            self.say(here, "the list is empty", "add an entry or remove the key")
        else:
            self.say(here, detail["msg"])


def _without(given: dict[str, Tree], details: list[ErrorDetails]) -> dict[str, Tree]:
    """The mapping without its wrong keys and its lists without their wrong entries, for what follows."""
    wrong_keys: set[str] = set()
    wrong_entries: dict[str, set[int]] = {}
    for detail in details:
        key, *inner = detail["loc"]
        if inner and isinstance(inner[0], int) and isinstance(given.get(str(key)), list):
            wrong_entries.setdefault(str(key), set()).add(inner[0])
        else:
            wrong_keys.add(str(key))
    pruned = {name: value for name, value in given.items() if name not in wrong_keys}
    for name, places in wrong_entries.items():
        value = pruned.get(name)
        if isinstance(value, list):
            pruned[name] = [entry for place, entry in enumerate(value) if place not in places]
    return pruned


def nearest(name: str, known: Iterable[str]) -> str:
    """A hint that offers the known names most like `name`, or all of them when none is."""
    names = list(known)
    folded = {entry.lower(): entry for entry in names}
    near = difflib.get_close_matches(name.lower(), folded, n=1, cutoff=0.6)
    if near:
        return f"did you mean {folded[near[0]]!r}?"
    return f"use one of {', '.join(names)}" if names else ""


def _choices(model: type[BaseModel], name: str) -> list[str]:
    annotation = model.model_fields[name].annotation
    return [choice for choice in _flatten(annotation) if isinstance(choice, str)]


def _flatten(annotation: object, depth: int = 0) -> list[object]:
    parts = get_args(annotation)
    return [leaf for part in parts for leaf in _flatten(part, depth + 1)] if parts else [annotation]
