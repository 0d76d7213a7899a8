"""Reading the YAML itself: every scalar as the text that was written, every node with its line.

Nothing is resolved here. `0.3`, `1/3`, `No` and `12:30` stay text until a field says what it expects, so that
no number passes through binary floating point and no word turns into a truth value. Only a plain `null`, `~`
or an empty value becomes None.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from alloop.errors import CampaignFileError, Problem

Tree = dict[str, "Tree"] | list["Tree"] | str | None
Path = tuple[str | int, ...]

MAX_CHARACTERS = 1_000_000
"""A longer text is no campaign file; tables belong into files of their own."""
_MAX_NODES = 100_000
_STANDARD = "tag:yaml.org,2002:"
_PLAIN_KINDS = ("str", "int", "float", "bool", "null", "timestamp", "merge", "value", "seq", "map")
_TAGS = {_STANDARD + kind for kind in _PLAIN_KINDS}


@dataclass(frozen=True)
class Document:
    """A campaign file as read: the tree of texts and where each part of it stands.

    `lines` maps the path of every value, and `key_lines` that of every key, to its line, counted from 1.
    """

    name: str
    tree: dict[str, Tree]
    lines: dict[Path, int] = field(default_factory=dict)
    key_lines: dict[Path, int] = field(default_factory=dict)

    def where(self, path: Path = (), key: bool = False) -> str:
        """The place of `path` in words; what is not in the file gets the line of its nearest parent."""
        known = self.key_lines if key else self.lines
        line = next((known[path[:n]] for n in range(len(path), 0, -1) if path[:n] in known), None)
        parts = [self.name] + ([f"line {line}"] if line else []) + ([spell_path(path)] if path else [])
        return ", ".join(parts)


def spell_path(path: Path) -> str:
    """`space.sites[1].host` for `("space", "sites", 1, "host")`."""
    text = ""
    for step in path:
        text += f"[{step}]" if isinstance(step, int) else f".{step}" if text else str(step)
    return text


def read_yaml(text: str, name: str) -> Document:
    """Read the text of a campaign file called `name`.

    Raises:
        CampaignFileError: when it is no YAML, no mapping, too large, or holds duplicate keys.
    """
    if len(text) > MAX_CHARACTERS:
        raise CampaignFileError(
            f"{len(text):,} characters are more than a campaign file has",
            "put tables into their own files",
            name,
        )
    try:
        node = YAML(typ="safe", pure=True).compose(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"{name}, line {mark.line + 1}" if mark else name
        raise CampaignFileError(
            f"this is not valid YAML: {_explain(error)}", _advice(error), where
        ) from error
    except YAMLError as error:
        raise CampaignFileError(
            "this is not a text file with YAML in it", "give the campaign file, saved as UTF-8 text", name
        ) from error
    except RecursionError as error:
        raise CampaignFileError("the YAML is nested too deeply to be a campaign file", where=name) from error
    return _Conversion(name).document(node)


def _explain(error: MarkedYAMLError) -> str:
    return ", ".join(str(part) for part in (error.context, error.problem) if part)


def _advice(error: MarkedYAMLError) -> str:
    problem = str(error.problem)
    if "another document" in problem:
        return "keep one campaign per file and remove the '---' lines"
    if "\\t" in problem:
        return "indent with spaces, not tabs"
    return "check indentation, brackets and quotes around this line"


class _Conversion:
    """One pass over the node tree that collects lines and problems."""

    def __init__(self, name: str) -> None:
        self._read = Document(name, {})
        self._problems: list[Problem] = []
        self._open: set[int] = set()
        self._count = 0

    def document(self, node: Node | None) -> Document:
        if node is None:
            raise CampaignFileError("the file is empty", "start with 'campaign: some-name'", self._read.name)
        if not isinstance(node, MappingNode):
            raise CampaignFileError(
                "a campaign file is a mapping of keys to values",
                "start with 'campaign: some-name'",
                self._read.name,
            )
        tree = self._convert(node, ())
        if self._problems:
            raise CampaignFileError(self._problems)
        assert isinstance(tree, dict)
        return Document(self._read.name, tree, self._read.lines, self._read.key_lines)

    def _convert(self, node: Node, path: Path) -> Tree:
        self._count += 1
        if self._count > _MAX_NODES or id(node) in self._open:
            raise CampaignFileError(
                "aliases (*name) make this file endlessly large",
                "write the parts out",
                self._read.where(path),
            )
        self._read.lines[path] = node.start_mark.line + 1
        tag = str(node.tag)
        if tag not in _TAGS:
            short = tag.replace(_STANDARD, "!!")
            self._say(path, f"the tag {short!r} has no meaning here", "leave it out")
        if isinstance(node, ScalarNode):
            empty = tag == f"{_STANDARD}null" and node.style is None
            return None if empty else str(node.value)
        self._open.add(id(node))
        tree: Tree
        if isinstance(node, SequenceNode):
            tree = [self._convert(item, (*path, index)) for index, item in enumerate(node.value)]
        else:
            tree = self._mapping(node, path)
        self._open.discard(id(node))
        return tree

    def _mapping(self, node: Node, path: Path) -> dict[str, Tree]:
        tree: dict[str, Tree] = {}
        for key_node, value_node in node.value:
            line = key_node.start_mark.line + 1
            if not isinstance(key_node, ScalarNode):
                self._say(path, "a key must be a word", "check the brackets", line)
                continue
            key = str(key_node.value)
            here = (*path, key)
            if key in tree:
                first = self._read.key_lines[here]
                mend = f"keep one of lines {first} and {line}" if first != line else "keep one of the two"
                self._say(here, f"the key {key!r} stands here twice", mend, line)
                continue
            self._read.key_lines[here] = line
            tree[key] = self._convert(value_node, here)
        return tree

    def _say(self, path: Path, what: str, mend: str, line: int | None = None) -> None:
        where = self._read.where(path)
        if line is not None:
            where = ", ".join(part for part in (self._read.name, f"line {line}", spell_path(path)) if part)
        self._problems.append(Problem(where, what, mend))
