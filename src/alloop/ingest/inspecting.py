"""What alloop reads in any instrument file, without a campaign."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from alloop.errors import InstrumentError, Problem, UploadError
from alloop.ingest.dropped import collect
from alloop.ingest.file_names import read_name
from alloop.ingest.sources import states_temperature
from alloop.instruments import Evaluation, Flag, Given
from alloop.instruments.readers import read_recording


@dataclass(frozen=True)
class Inspected:
    """A file and what was made of it, or why nothing was (`error`)."""

    file: str
    evaluation: Evaluation | None = None
    error: str | None = None


def inspect_files(
    paths: Sequence[Path], given: Given, references: Path | None = None, target: Sequence[str] = ()
) -> list[Inspected]:
    """Read and evaluate files, those in folders and archives one by one.

    Args:
        paths: files, folders or zip archives.
        given: what is known besides the files; the same for all of them.
        references: a folder of CIF files for diffraction patterns.
        target: names of the phase whose fraction is wanted.

    Raises:
        UploadError: when there is nothing to read.
    """
    dropped = collect(paths)
    if not dropped.files and dropped.problems:
        raise UploadError(dropped.problems)
    structures = None
    flags: tuple[Flag, ...] = ()
    if references is not None:
        from alloop.instruments.diffraction import load_references

        structures = load_references(references)
        flags = tuple(Flag("reference_left_out", str(problem)) for problem in structures.problems)
    found = [Inspected(problem.where, error=str(problem)) for problem in dropped.problems]
    from alloop.instruments.evaluate import evaluate

    for name, data in dropped.files:
        try:
            recording = read_recording(data, name)
        except InstrumentError as error:
            found.append(Inspected(name, error="; ".join(map(str, error.problems))))
            continue
        own = given
        remarks = [Flag("remark", remark) for remark in recording.remarks]
        temperature = read_name(name, {}).temperature_C
        if given.temperature_C is None and temperature is not None and not states_temperature(recording):
            own = replace(given, temperature_C=temperature)
            remarks.append(Flag("temperature_from_name", f"its name says {temperature:g} °C"))
        evaluation = evaluate(recording, own, structures, target)
        more = (*remarks, *(flags if recording.pattern is not None else ()))
        found.append(Inspected(name, replace(evaluation, flags=(*more, *evaluation.flags))))
    return found


def nothing_read(found: Sequence[Inspected]) -> UploadError | None:
    """The error of an inspection that could read none of its files."""
    if any(one.evaluation is not None for one in found):
        return None
    return UploadError(Problem("", one.error or "") for one in found)


__all__ = ["Inspected", "inspect_files", "nothing_read"]
