"""Several processes and threads at the same records: nothing lost, nothing twice, nobody is refused."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

from records_builders import SLUG, add_campaign, add_plate, approve, plate_id, upload, value

from alloop.records import Records
from alloop.records.engine import DATABASE_NAME

_UPLOADER = """
import sys
from records_builders import upload, value
from alloop.records import Records

records = Records.open(sys.argv[1], url=sys.argv[2] or None)
for n in range(6):
    upload(records, b"shared %d" % n, [value(number=float(n))])
    upload(records, f"{sys.argv[3]} {n}".encode(), [value(number=float(n))])
"""


def test_processes_that_upload_at_once(records: Records, url: str | None) -> None:
    add_campaign(records)
    add_plate(records)
    approve(records, plate_id(SLUG, 1))
    running = [
        subprocess.Popen(
            [sys.executable, "-c", _UPLOADER, str(records.home), url or "", f"process {n}"],
            cwd=Path(__file__).parent,
            stderr=subprocess.PIPE,
            text=True,
        )
        for n in range(4)
    ]
    said = [process.communicate(timeout=60)[1] for process in running]
    assert [process.returncode for process in running] == [0] * 4, said
    assert len(records.uploads(SLUG)) == 6 + 4 * 6
    assert len(records.measurements(SLUG)) == 6 + 4 * 6
    assert records.doctor().findings == ()


def test_processes_that_create_at_once(open_records: Callable[..., Records], tmp_path: Path) -> None:
    failed: list[BaseException] = []

    def work() -> None:
        try:
            open_records()
        except BaseException as error:
            failed.append(error)

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []


def test_a_new_file_that_another_is_writing_is_waited_for(tmp_path: Path) -> None:
    other = sqlite3.connect(tmp_path / DATABASE_NAME, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")  # for which SQLite itself does not wait when it is to write ahead
    release = threading.Timer(0.2, other.close)
    release.start()
    opened = Records.open(tmp_path, create=True, url=None)
    assert opened.doctor().findings == ()
    opened.close()
    release.join()


def test_a_reader_sees_one_state_throughout(records: Records) -> None:
    add_campaign(records)
    add_plate(records)
    approve(records, plate_id(SLUG, 1))
    with records.reading() as reader:
        before = reader.measurements(SLUG)
        upload(records, b"one", [value()])
        assert reader.measurements(SLUG) == before == []
    assert len(records.measurements(SLUG)) == 1
