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
        """The mapping at `path` as `model`; None, with the problems noted, when it is not one.

        A single text may stand for a mapping with nothing but the key `short`.
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
            for detail in error.errors(include_url=False):
                self._note(model, path, detail)
            return None

    def items(self, model: type[Model], path: Path, short: str | None = None) -> list[tuple[Path, Model]]:
        """The valid entries of the list at `path`, each with its own path; nothing there is an empty list."""
        value = self.at(path)
        if value is None:
            return []
        if not isinstance(value, list):
            self.say(path, "a list is expected here", "begin each entry with '- ' or put them in [ ]")
            return []
        read = (((*path, index), self.section(model, (*path, index), short)) for index in range(len(value)))
        return [(place, entry) for place, entry in read if entry is not None]

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
