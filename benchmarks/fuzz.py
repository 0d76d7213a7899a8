"""Readers of instrument files on damaged files: none may crash, hang, or fill the memory.

    python benchmarks/fuzz.py
    python benchmarks/fuzz.py --files 500 --seed 1 --json

Real files (of ../shared/data/eis and ../shared/data/xrd, where they are there) and files written in every dialect are
damaged at random and read. A file is read or refused with an `InstrumentError`; anything else is a crash, and is listed
with the number that makes the same file again: `--only NUMBER`. A file that takes more than 10 s counts as slow, and
one that takes more than 30 s is given up.
"""

from __future__ import annotations

import argparse
import hashlib
import io
import json
import resource
import signal
import sys
import time
import traceback
import warnings
import zipfile
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parent))

from dialects import example_spectrum, example_trace, written_spectra, written_traces

DATA = Path(__file__).parents[1].parent / "shared" / "data"
SLOW_S = 10.0
GIVEN_UP_S = 30
_ENCODINGS = ("utf-16", "utf-16-le", "utf-32", "utf-8-sig", "cp1252", "shift_jis", "cp037")
_ODD_NUMBERS = (
    b"NaN",
    b"nan",
    b"inf",
    b"-inf",
    b"1e999",
    b"1e308",
    b"-1e308",
    b"1e-320",
    b"0",
    b"-1",
    b"9" * 400,
    b"",
)
_ODD_WORDS = (
    b"freq/Hz",
    b"\xef\xbb\xbf",
    b"=1+1",
    b"../../etc/passwd",
    b"%s%n",
    b"<?xml",
    b"\x1a",
    b"Nb header lines : 99999999",
)

Damage = Callable[[bytes, np.random.Generator], bytes]


class GivenUpError(BaseException):
    """A file took far too long; no reader may catch this."""


def corpus() -> dict[str, bytes]:
    """Files to be damaged, by name: written ones, and real ones where they are there."""
    written = {f"written {name}": data for name, data in written_spectra(*example_spectrum()).items()}
    written |= {f"written trace {name}": data for name, data in written_traces(*example_trace()).items()}
    real = {
        path.name: path.read_bytes()
        for folder in ("eis", "xrd")
        for path in sorted((DATA / folder).rglob("*"))
        if path.is_file()
    }
    return written | real | {"written zip bomb": _bomb()}


def _bomb() -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/workbook.xml", "<workbook/>")
        archive.writestr("xl/worksheets/sheet1.xml", bytes(200_000_000))
    return packed.getvalue()


def _place(data: bytes, rng: np.random.Generator) -> int:
    return int(rng.integers(0, max(1, len(data))))


def truncated(data: bytes, rng: np.random.Generator) -> bytes:
    """The beginning, or the end, of a file."""
    at = _place(data, rng)
    return data[:at] if rng.random() < 0.8 else data[at:]


def flipped(data: bytes, rng: np.random.Generator) -> bytes:
    """Some bytes replaced by others."""
    damaged = bytearray(data)
    for _ in range(int(rng.integers(1, 200)) if damaged else 0):
        damaged[_place(data, rng)] = int(rng.integers(0, 256))
    return bytes(damaged)


def zeroed(data: bytes, rng: np.random.Generator) -> bytes:
    """A stretch of zero bytes."""
    at, length = _place(data, rng), int(rng.integers(1, 2000))
    return data[:at] + bytes(length) + data[at + length :]


def inserted(data: bytes, rng: np.random.Generator) -> bytes:
    """Odd words or random bytes in between."""
    at = _place(data, rng)
    word = (
        _ODD_WORDS[int(rng.integers(len(_ODD_WORDS)))]
        if rng.random() < 0.5
        else rng.bytes(int(rng.integers(1, 500)))
    )
    return data[:at] + word + data[at:]


def _in_cells(data: bytes, rng: np.random.Generator, change: Callable[[list[bytes]], list[bytes]]) -> bytes:
    """A change of the cells of all lines from some line on."""
    delimiter = max((b"\t", b",", b";", b" "), key=data.count)
    lines = data.split(b"\n")
    first = int(rng.integers(0, min(len(lines), 150)))
    return b"\n".join(
        delimiter.join(change(line.split(delimiter))) if number >= first else line
        for number, line in enumerate(lines)
    )


def swapped_columns(data: bytes, rng: np.random.Generator) -> bytes:
    """Two columns exchanged, in the headings too or only below them."""
    one, other = int(rng.integers(0, 6)), int(rng.integers(0, 6))

    def change(cells: list[bytes]) -> list[bytes]:
        if max(one, other) < len(cells):
            cells[one], cells[other] = cells[other], cells[one]
        return cells

    return _in_cells(data, rng, change)


def deleted_column(data: bytes, rng: np.random.Generator) -> bytes:
    """A column taken out, in the headings too or only below them."""
    one = int(rng.integers(0, 6))
    return _in_cells(data, rng, lambda cells: cells[:one] + cells[one + 1 :] if len(cells) > 1 else cells)


def odd_numbers(data: bytes, rng: np.random.Generator) -> bytes:
    """Cells replaced by what is no number, or an enormous one."""
    odd, share = _ODD_NUMBERS[int(rng.integers(len(_ODD_NUMBERS)))], float(rng.choice([0.001, 0.02, 0.5]))
    return _in_cells(data, rng, lambda cells: [odd if rng.random() < share else cell for cell in cells])


def shuffled_lines(data: bytes, rng: np.random.Generator) -> bytes:
    """Lines in another order, or some of them left out."""
    lines = data.split(b"\n")
    order = (
        rng.permutation(len(lines)) if rng.random() < 0.5 else np.flatnonzero(rng.random(len(lines)) < 0.7)
    )
    return b"\n".join(lines[i] for i in order)


def repeated_lines(data: bytes, rng: np.random.Generator) -> bytes:
    """A stretch of lines many times over: mostly some hundreds, seldom a million, hardly ever ten million."""
    lines = data.split(b"\n")
    at, length = int(rng.integers(len(lines))), int(rng.integers(1, 20))
    part = lines[at : at + length]
    wanted = int(rng.choice([300, 3_000, 30_000, 1_000_000, 10_000_000], p=[0.5, 0.35, 0.12, 0.028, 0.002]))
    size = sum(len(line) + 1 for line in part)
    times = min(wanted // len(part), 90_000_000 // max(1, size))
    return b"\n".join([*lines[:at], (b"\n".join(part) + b"\n") * times, *lines[at:]])


def other_encoding(data: bytes, rng: np.random.Generator) -> bytes:
    """The text in an encoding that was not meant, with other line ends."""
    text = (
        data.decode("latin-1")
        .replace("\r", "")
        .replace("\n", str(rng.choice(["\n", "\r", "\r\n", "\x85", "\n\r"])))
    )
    return text.encode(str(rng.choice(_ENCODINGS)), errors="replace")


def other_marks(data: bytes, rng: np.random.Generator) -> bytes:
    """All of one mark replaced by another."""
    marks = [b",", b".", b";", b"\t", b" ", b"/", b"'", b"-", b"E", b"(", b"\n", b'"']
    one, other = rng.choice(len(marks), 2)
    return data.replace(marks[one], marks[other])


def joined_files(data: bytes, rng: np.random.Generator) -> bytes:
    """A file twice, the second time cut."""
    return data + truncated(data, rng)


DAMAGES: Mapping[str, Damage] = {
    "truncated": truncated, "flipped": flipped, "zeroed": zeroed, "inserted": inserted, "swapped": swapped_columns,
    "deleted": deleted_column, "odd numbers": odd_numbers, "shuffled": shuffled_lines, "repeated": repeated_lines,
    "encoding": other_encoding, "marks": other_marks, "joined": joined_files,
}  # fmt: skip


def damaged(files: Mapping[str, bytes], seed: int, number: int) -> tuple[str, bytes]:
    """The damaged file with a number: what was done to which file, and its bytes. The same every time."""
    rng = np.random.default_rng([seed, number])
    name = sorted(files)[int(rng.integers(len(files)))]
    data, done = files[name], []
    for _ in range(int(rng.choice([1, 2, 3], p=[0.7, 0.2, 0.1]))):
        damage = sorted(DAMAGES)[int(rng.integers(len(DAMAGES)))]
        data = DAMAGES[damage](data, rng)
        done.append(damage)
    return f"{name}: {', '.join(done)}", data


def outcome_of(data: bytes, name: str) -> tuple[str, str]:
    """`read`, `refused` or `crash`, and the message or the traceback."""
    from alloop.errors import InstrumentError
    from alloop.instruments.readers import is_recording, read_recording

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # nobody who uploads a file should see numpy's complaints
            is_recording(data, name)
            read_recording(data, name)
    except InstrumentError as error:
        message = str(error)
        return (
            ("refused", message) if "\n" not in message else ("crash", f"message of several lines: {message}")
        )
    except Exception:
        return "crash", traceback.format_exc(limit=-4)
    return "read", ""


def fuzz(numbers: Sequence[int], seed: int, files: Mapping[str, bytes]) -> dict[str, Any]:
    """Damage and read files; counts of outcomes, crashes and slow files with their numbers."""
    outcomes: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    crashes, slow = [], []
    slowest = 0.0
    digest = hashlib.sha256()
    signal.signal(signal.SIGALRM, _give_up)
    for done, number in enumerate(numbers):
        what, data = damaged(files, seed, number)
        began = time.perf_counter()
        signal.alarm(GIVEN_UP_S)
        try:
            outcome, message = outcome_of(data, "file")
        except GivenUpError:
            outcome, message = "hang", "given up"
        finally:
            signal.alarm(0)
        seconds = time.perf_counter() - began
        slowest = max(slowest, seconds)
        outcomes[outcome] += 1
        digest.update(f"{number} {outcome} {message}\n".encode())
        if outcome == "refused":
            reasons[
                "".join(
                    letter for letter in message.partition(": ")[2].partition(";")[0] if not letter.isdigit()
                )
            ] += 1
        if outcome in ("crash", "hang"):
            crashes.append({"number": number, "what": what, "message": message})
        if seconds > SLOW_S:
            slow.append({"number": number, "what": what, "seconds": round(seconds, 1), "bytes": len(data)})
        if done % 500 == 499:
            print(f"{done + 1}: {dict(outcomes)}, slowest {slowest:.1f} s", file=sys.stderr, flush=True)
    return {
        "files": len(numbers), "seed": seed, "corpus": len(files), "outcomes": dict(outcomes), "crashes": crashes,
        "slow": slow, "slowest_s": round(slowest, 2), "reasons": dict(reasons.most_common(40)),
        "peak_memory_MB": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        "outcomes_sha256": digest.hexdigest(),
    }  # fmt: skip


def _give_up(number: int, frame: FrameType | None) -> None:
    raise GivenUpError


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark and print what it found; 1 when a file crashed a reader or was slow."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--files", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--only", type=int, help="the number of a single file, which is then written to standard error"
    )
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args(arguments)
    files = corpus()
    if given.only is not None:
        what, data = damaged(files, given.seed, given.only)
        print(what, data[:3000], file=sys.stderr)
    found = fuzz([given.only] if given.only is not None else range(given.files), given.seed, files)
    print(json.dumps({"benchmark": "fuzz", **found}, indent=None if given.json else 1, ensure_ascii=False))
    return 1 if found["crashes"] or found["slow"] else 0


if __name__ == "__main__":
    sys.exit(main())
