"""The bytes of a file and, on demand, its text, whatever its encoding and its line ends."""

from __future__ import annotations

import codecs
from dataclasses import dataclass
from functools import cached_property

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32-le"),  # before UTF-16, whose mark it begins with
    (codecs.BOM_UTF32_BE, "utf-32-be"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_LOOKED_AT = 16384


@dataclass(frozen=True)
class Content:
    """What stands in a file.

    Attributes:
        data: its bytes.
        name: its name, for messages only: the format is told from the content.
    """

    data: bytes
    name: str

    @cached_property
    def text(self) -> str:
        r"""The decoded text with ``\n`` at the end of every line.

        A byte-order mark decides the encoding; without one, text with a zero in every other byte is UTF-16; else
        UTF-8 is tried, then Windows-1252. Bytes that the encoding does not know become U+FFFD, so that no input
        fails here.
        """
        text = _decoded(self.data)
        return text.replace("\r\n", "\n").replace("\r", "\n")

    @cached_property
    def lines(self) -> list[str]:
        """The lines of the text, without their ends."""
        return self.text.split("\n")

    @cached_property
    def head(self) -> str:
        """The text of the first few kilobytes, for recognising a format without decoding all of it."""
        return _decoded(self.data[:_LOOKED_AT]).replace("\r\n", "\n").replace("\r", "\n")

    @cached_property
    def is_text(self) -> bool:
        """Whether the beginning looks like text: hardly any control characters in it."""
        odd = sum(
            1 for letter in self.head if (letter < " " and letter not in "\t\n\x0b\x0c") or letter == "\ufffd"
        )
        return odd * 20 <= len(self.head)


def _decoded(data: bytes) -> str:
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return data[len(mark) :].decode(encoding, errors="replace")
    unmarked = _utf16_without_mark(data)
    if unmarked is not None:
        return data.decode(unmarked, errors="replace")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError as error:
        # A cut through the last character of the bytes looked at is no reason to doubt UTF-8.
        if error.start >= len(data) - 3 and error.reason == "unexpected end of data":
            return data.decode("utf-8", errors="ignore")
    return data.decode("cp1252", errors="replace")


def _utf16_without_mark(data: bytes) -> str | None:
    beginning = data[: _LOOKED_AT // 2 * 2]
    pairs = len(beginning) // 2
    if pairs < 8:
        return None
    zeros_even, zeros_odd = beginning[0::2].count(0), beginning[1::2].count(0)
    if zeros_odd > 0.7 * pairs and zeros_even < 0.1 * pairs:
        return "utf-16-le"
    if zeros_even > 0.7 * pairs and zeros_odd < 0.1 * pairs:
        return "utf-16-be"
    return None
