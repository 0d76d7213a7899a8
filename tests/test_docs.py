"""The README and the guides do what they say: every code block in them is run, one working folder per document.

What stands behind the language of a block decides what happens to it:

- `bash`: run in the document's folder, where a copy of `campaigns/` lies; must succeed.
- `bash exit=2`: the same, must end with that exit code.
- `bash install`, `bash check`: the two commands for a fresh machine, in the README only; `.ci/run` runs them.
- `text` after one of those: every line must be found in what it printed (`…` stands for anything).
- `text example`: what it may look like elsewhere; not compared.
- `python`: run; all of a document's share their names.
- `yaml NAME`, `csv NAME`: a file that is written for the blocks after it.
- `yaml`: a part of a campaign file; put into the document's last whole one it must be accepted.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[1]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
FRESH_MACHINE = ("install", "check")
_BLOCK = re.compile(r"^```([^\n`]*)\n(.*?)^```[ \t]*$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"\]\(([^)#\s]+)(?:#[^)\s]*)?\)")
_SECTION = re.compile(r"^(?=[a-z_]+:)", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """A code block: its language, the word behind it, its text, the line it begins in."""

    language: str
    word: str
    text: str
    line: int


def blocks_of(document: Path) -> list[Block]:
    """The fenced blocks of a document in their order."""
    text = document.read_text(encoding="utf-8")
    found = []
    for match in _BLOCK.finditer(text):
        language, _, word = match[1].strip().partition(" ")
        found.append(Block(language, word.strip(), match[2], text.count("\n", 0, match.start()) + 1))
    return found


@dataclass
class Reader:
    """Somebody who types what a document says, in a folder of their own."""

    folder: Path
    environment: Mapping[str, str]
    names: dict[str, Any] = field(default_factory=lambda: {"__name__": "document"})
    printed: str = ""
    campaign: str = ""

    def read(self, block: Block) -> None:
        """Do what a block says."""
        actions: dict[str, Callable[[Block], None]] = {
            "bash": self._type,
            "python": self._run,
            "text": self._compare,
            "csv": self._save,
            "yaml": self._save if block.word else self._insert,
        }
        assert block.language in actions, (
            f"a block of {block.language or 'no language'} is not run by anybody"
        )
        actions[block.language](block)

    def _type(self, block: Block) -> None:
        if block.word in FRESH_MACHINE:
            return
        expected = int(block.word.removeprefix("exit=")) if block.word else 0
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", block.text],
            cwd=self.folder,
            env=dict(self.environment),
            capture_output=True,
            text=True,
        )
        self.printed = done.stdout + done.stderr
        assert done.returncode == expected, f"{block.text}ended with {done.returncode}:\n{self.printed}"

    def _run(self, block: Block) -> None:
        exec(compile(block.text, f"block in line {block.line}", "exec"), self.names)

    def _compare(self, block: Block) -> None:
        if block.word == "example":
            return
        printed = [" ".join(line.split()) for line in self.printed.splitlines()]
        for line in filter(None, (" ".join(line.split()) for line in block.text.splitlines())):
            pattern = re.compile(".*".join(map(re.escape, line.split("…"))))
            assert any(pattern.fullmatch(one) for one in printed), (
                f"{line!r} was not printed:\n{self.printed}"
            )

    def _save(self, block: Block) -> None:
        path = self.folder / block.word
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(block.text, encoding="utf-8")
        if block.language == "yaml":
            self.campaign = block.text

    def _insert(self, block: Block) -> None:
        from alloop.campaign_file import load_campaign

        parts = {part.partition(":")[0]: part for part in _SECTION.split(self.campaign) if part.strip()}
        assert parts, "a part of a campaign file needs a whole one before it"
        for part in _SECTION.split(block.text):
            if part.strip():
                name = part.partition(":")[0]
                parts[name] = part if part.endswith("\n") else f"{part}\n"
        path = self.folder / "part.yaml"
        path.write_text("".join(parts.values()), encoding="utf-8")
        assert load_campaign(path).space.size > 0


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.name)
def test_every_block_of_a_document_works(
    document: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "work"
    folder.mkdir()
    shutil.copytree(ROOT / "campaigns", folder / "campaigns")
    monkeypatch.chdir(folder)
    monkeypatch.delenv("ALLOOP_HOME", raising=False)
    monkeypatch.delenv("ALLOOP_DATABASE_URL", raising=False)
    environment = dict(os.environ)
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    environment |= {"HOME": str(tmp_path), "LC_ALL": "C.UTF-8", "LOGNAME": "reader"}
    reader = Reader(folder, environment)
    for block in blocks_of(document):
        try:
            reader.read(block)
        except Exception as error:
            where = f"{document.name}, block in line {block.line}"
            raise AssertionError(f"{where}: {type(error).__name__}: {error}") from error


def test_the_readme_alone_has_the_two_commands_for_a_fresh_machine() -> None:
    found = [
        (document.name, block)
        for document in DOCUMENTS
        for block in blocks_of(document)
        if block.language == "bash" and block.word in FRESH_MACHINE
    ]
    assert [(name, block.word) for name, block in found] == [("README.md", word) for word in FRESH_MACHINE]
    for _, block in found:
        assert len(block.text.splitlines()) == 1
        assert "pip install" in block.text
    assert "alloop demo" in found[0][1].text
    assert "pytest" in found[1][1].text


def test_links_between_documents_lead_somewhere() -> None:
    for document in DOCUMENTS:
        for target in _LINK.findall(document.read_text(encoding="utf-8")):
            if "://" not in target:
                assert (document.parent / target).exists(), f"{document.name} links to {target}"


def test_the_table_of_properties_is_that_of_the_code() -> None:
    from alloop.properties import PROPERTIES

    text = (ROOT / "docs" / "results_tables.md").read_text(encoding="utf-8")
    listed = {
        row[0]: row[1:] for row in re.findall(r"^\| `(\w+)` \| (\S+) \| `(\S+)` \|", text, re.MULTILINE)
    }
    assert listed == {entry.name: (entry.symbol, entry.unit) for entry in PROPERTIES.values()}
