"""Files that must not be read as something: is each refused, and does the refusal name what is wrong?

python benchmarks/instruments_bad_files.py --json
"""

from __future__ import annotations

import argparse
import io
import json
import zipfile
from typing import Any

from alloop.errors import InstrumentError
from alloop.instruments.readers import read_recording

_HEAD = "freq/Hz\tRe(Z)/Ohm\t-Im(Z)/Ohm\n"
_ROWS = "".join(f"{10 ** (6 - 0.1 * i):.6g}\t{100 + 3 * i}\t{5 + i}\n" for i in range(60))
_EC_LAB = "EC-Lab ASCII FILE\nNb header lines : 3\n\n"


def _zip(entries: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in entries.items():
            archive.writestr(name, data)
    return buffer.getvalue()


def bad_files() -> list[tuple[str, bytes, tuple[str, ...]]]:
    """What is wrong, the bytes, and words of which the refusal must hold at least one."""
    text = {
        "results table": ("sample,ionic_conductivity [S/cm]\nGARN-001-A01,1e-4\n", ("results", "sample")),
        "table of phases": ("phase,wt%\nLi2O,12\nLi2CO3,88\n", ("phase",)),
        "prose": ("Dear colleague,\nthe pellets cracked.\n", ("without a table of numbers",)),
        "no frequencies": ("Re(Z)/Ohm\t-Im(Z)/Ohm\n100\t5\n101\t6\n102\t7\n", ("frequenc",)),
        "no imaginary part": (
            "freq/Hz\tRe(Z)/Ohm\n1e6\t100\n1e5\t101\n1e4\t102\n",
            ("imaginary", "Z''", "phase"),
        ),
        "headings only": (_HEAD, ("no row", "no numbers")),
        "half the values missing": (
            _HEAD + "".join(f"{10 ** (6 - 0.1 * i):.6g}\t{'NaN' if i % 2 else 100}\t5\n" for i in range(60)),
            ("NaN", "no number", "not numbers", "rows"),
        ),
        "modulus contradicts its parts": (
            "freq/Hz\tRe(Z)/Ohm\t-Im(Z)/Ohm\t|Z|/Ohm\n"
            + "".join(f"{10 ** (6 - 0.1 * i):.6g}\t{100 + i}\t{5 + i}\t{7000 + i}\n" for i in range(60)),
            ("|Z|",),
        ),
        "more cells than headings": (
            _HEAD + "".join(f"{10 ** (6 - 0.1 * i):.6g}\t1\t{100 + i}\t{5 + i}\n" for i in range(60)),
            ("cells", "headings"),
        ),
        "current density without an area": (
            "time/s,E/V,j/mA cm-2\n" + "".join(f"{i},0.5,0.1\n" for i in range(60)),
            ("area", "density"),
        ),
        "EC-Lab header cut off": (_EC_LAB.replace(": 3", ": 60"), ("headings",)),
        "EC-Lab without rows": (_EC_LAB + _HEAD, ("no numbers",)),
        "four bare columns": ("1 2 3 4\n" * 40, ("headings",)),
        "XML with entities": (
            '<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]><a>&b;</a>',
            ("document type", "not an instrument file"),
        ),
    }
    files = [(what, content.encode(), words) for what, (content, words) in text.items()]
    files += [
        ("empty", b"", ("empty",)),
        ("only zero bytes", bytes(5000), ("empty", "zero", "binary")),
        ("PDF", b"%PDF-1.7\n1 0 obj\n", ("PDF",)),
        ("PNG", b"\x89PNG\r\n\x1a\n" + bytes(100), ("image", "PNG")),
        ("old Excel", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), ("Excel", ".xls")),
        ("zip of files", _zip({"a.txt": (_HEAD + _ROWS).encode()}), ("archive", "zip")),
        (
            "zip bomb in a workbook",
            _zip({"xl/workbook.xml": b"<x/>", "xl/a.xml": bytes(400_000_000)}),
            ("unpack",),
        ),
        ("gzip", b"\x1f\x8b\x08" + bytes(60), ("gzip", "archive")),
        ("larger than allowed", b"1\t2\t3\n" * 10_000_000, ("MB", "lines")),
        ("more lines than allowed", b"1 2\n" * 2_500_000, ("lines",)),
    ]
    return files


def bad_file_figures() -> dict[str, Any]:
    """How many bad files were refused, how many with the right reason, and what was said otherwise."""
    wrong = {}
    refused = right = 0
    files = bad_files()
    for what, data, words in files:
        try:
            read_recording(data, "file.txt")
            wrong[what] = "it was read"
        except InstrumentError as error:
            refused += 1
            said = str(error)
            if any(word.lower() in said.lower() for word in words):
                right += 1
            else:
                wrong[what] = said
    return {"files": len(files), "refused": refused, "with_the_right_reason": right, "otherwise": wrong}


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true")
    found = bad_file_figures()
    print(json.dumps(found, indent=None if parser.parse_args().json else 1, ensure_ascii=False))


if __name__ == "__main__":
    main()
