"""Recordings to values of samples: each file by itself, then the files of a sample that belong together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from typing import TYPE_CHECKING

from alloop.ingest.context import Findings, ParsedDerivation, ResultsContext
from alloop.ingest.phase_files import evaluate_phases
from alloop.ingest.sources import Source, given_as_json
from alloop.instruments import DerivedValue, Evaluation, Flag, Given, Recording
from alloop.properties import get_property
from alloop.records import DerivationRow, MeasurementRow, SampleRow, StatusRow
from alloop.runner import Runner, Threads

if TYPE_CHECKING:
    from alloop.instruments.diffraction import PhaseTable, References

_Z90 = 1.6448536269514722
_FEWEST_OF_A_SERIES = 2


@dataclass(frozen=True)
class Bench:
    """What all evaluations of an upload share.

    Attributes:
        references: the structures of the campaign's folder; None where it has none, or no file is a pattern.
        target: names of the phase that is wanted.
        is_amorphous: whether glass is wanted.
    """

    references: References | None
    target: tuple[str, ...]
    is_amorphous: bool


def derive(
    sources: Sequence[Source],
    context: ResultsContext,
    findings: Findings,
    progress: Callable[[str], None] | None = None,
    runner: Runner | None = None,
) -> list[ParsedDerivation]:
    """Evaluate instrument files; notes for each what is not believed, and why, and tells how far it is.

    Every file has a derivation of its own, also where it gives no value. Conductivities of a sample at several
    temperatures, and critical currents of several of its cells, have one more together. The `runner` evaluates the
    files; this process does, one after the other, when it is None.
    """
    bench = Bench(_references(sources, context, findings), context.target_phases, context.amorphous_target)
    by_sample: dict[str, list[tuple[Source, Evaluation]]] = {}
    derived = []
    tasks = [(source.content, source.given) for source in sources]
    with Threads() as here:
        evaluations = (runner or here).map(_evaluate, bench, tasks, coarse=True)
        for number, source in enumerate(sources, 1):
            if progress is not None:
                progress(f"evaluating file {number} of {len(sources)}: {source.name}")
            evaluation = next(evaluations)
            by_sample.setdefault(source.sample.id, []).append((source, evaluation))
            derived.append(_parsed([source], evaluation, context, findings))
    for several in by_sample.values():
        for members, evaluation in _together(several):
            derived.append(_parsed(members, evaluation, context, findings))
    return derived


def _references(sources: Sequence[Source], context: ResultsContext, findings: Findings) -> References | None:
    """The structures of the campaign's folder, if a pattern asks; what is wrong with one is noted as a warning."""
    patterns = (isinstance(one.content, Recording) and one.content.pattern is not None for one in sources)
    if context.references is None or not any(patterns):
        return None
    from alloop.instruments.diffraction import load_references

    references = load_references(context.references)
    for problem in references.problems:
        findings.warn(problem.where, problem.what, problem.mend)
    return references


def _evaluate(bench: Bench, task: tuple[Recording | PhaseTable, Given]) -> Evaluation:
    content, given = task
    if not isinstance(content, Recording):
        return evaluate_phases(content, bench.target, bench.is_amorphous)
    from alloop.instruments.evaluate import evaluate

    return evaluate(content, given, bench.references, bench.target)


def _together(
    several: Sequence[tuple[Source, Evaluation]],
) -> Iterable[tuple[list[Source], Evaluation]]:
    """What the files of one sample say together."""
    spectra = [(source, one) for source, one in several if one.kind == "impedance"]
    points = [value for _, one in spectra for value in one.values if value.property == "ionic_conductivity"]
    temperatures = {round(value.temperature_C) for value in points if value.temperature_C is not None}
    if len(spectra) > 1 and len(temperatures) >= _FEWEST_OF_A_SERIES:
        from alloop.instruments.impedance import evaluate_series

        yield [source for source, _ in spectra], evaluate_series(points, spectra[0][0].given)
    cells = [
        (source, value)
        for source, one in several
        for value in one.values
        if value.property == "critical_current_density"
    ]
    if len(cells) > 1:
        from alloop.instruments.cells import critical_current_of_cells

        values = [value for _, value in cells]
        yield [source for source, _ in cells], critical_current_of_cells(values)


def _parsed(
    sources: Sequence[Source], evaluation: Evaluation, context: ResultsContext, findings: Findings
) -> ParsedDerivation:
    sample, names = sources[0].sample, tuple(source.name for source in sources)
    where = names[0] if len(names) == 1 else f"{sample.id}, {len(names)} files together"
    for flag in evaluation.flags:
        _note(flag, where, findings)
    values = []
    for value in evaluation.values:
        for flag in value.flags:
            _note(flag, where, findings)
        if value.is_measurement:
            values.append(_measurement(value, evaluation, sources, context, where, findings))
    statuses = []
    if evaluation.status is not None:
        words = "; ".join(flag.words for flag in evaluation.flags if flag.severity != "note")
        statuses.append(_status(sample, evaluation.status, words, where, context))
    row = DerivationRow(
        campaign=context.campaign,
        sample=sample.id,
        files=tuple(source.sha256 for source in sources),
        kind=evaluation.kind,
        format=evaluation.format,
        model=evaluation.model,
        code_version=version("alloop"),
        given=given_as_json(sources[0].given) if len(sources) == 1 else {},
        flags=tuple(
            {"name": flag.name, "words": flag.words, "severity": flag.severity} for flag in evaluation.flags
        ),
        details={"values": [_shown(value) for value in evaluation.values], **evaluation.details},
        figure=evaluation.figure,
    )
    return ParsedDerivation(names, row, tuple(values), tuple(statuses))


def _note(flag: Flag, where: str, findings: Findings) -> None:
    if flag.severity != "note":
        said = "no value is taken from it" if flag.severity == "refusal" else "recorded as suspect"
        findings.warn(where, f"{flag.words} ({flag.name}): {said}")


def _measurement(
    value: DerivedValue,
    evaluation: Evaluation,
    sources: Sequence[Source],
    context: ResultsContext,
    where: str,
    findings: Findings,
) -> MeasurementRow:
    entry, sample = get_property(value.property), sources[0].sample
    doubts = [flag.words for flag in (*evaluation.flags, *value.flags) if flag.severity == "doubt"]
    if not entry.low <= value.value <= entry.high:
        words = (
            f"{value.value:.3g} {entry.unit} is outside what is plausible ({entry.low:g} to {entry.high:g})"
        )
        doubts.append(words)
        findings.warn(where, f"{entry.name} of {words}: recorded as suspect", "check the pellet's size")
    temperature = value.temperature_C
    wanted = context.conditions.get(entry.name)
    if temperature is None and "temperature_C" in entry.conditions and wanted is not None:
        temperature = wanted.temperature_C
        if temperature is not None:
            taken = f"taken as {temperature:g} °C, as the campaign wants it"
            what = f"the temperature of {entry.name} is not stated: {taken}"
            findings.warn(where, what, "write it into the file's name (_25C) or a table of files")
    sizes, measured_at = {}, None
    if isinstance(sources[0].content, Recording):
        geometry = sources[0].given.geometry.over(sources[0].content.geometry)
        sizes = {"thickness_mm": geometry.thickness_mm, "area_cm2": geometry.area_cm2}
        measured_at = sources[0].content.measured_at
    return MeasurementRow(
        campaign=context.campaign,
        property=entry.name,
        value=value.value,
        sample=sample.id,
        formula=sample.formula,
        elements=sample.elements,
        settings=sample.settings,
        bound=value.bound,
        uncertainty=_uncertainty(value),
        temperature_C=temperature,
        kind=value.kind,
        method=value.method or None,
        measured_at=measured_at,
        conditions={
            **{name: size for name, size in sizes.items() if size is not None},
            **value.conditions,
            "file": ", ".join(source.name for source in sources)[:500],
        },
        doubt="suspect" if doubts else "ok",
        doubt_why="; ".join(doubts) or None,
        place=where,
    )


def _uncertainty(value: DerivedValue) -> float | None:
    """A standard deviation from the 90 % interval."""
    if value.low90 is None or value.high90 is None:
        return None
    return (value.high90 - value.low90) / (2.0 * _Z90)


def _status(sample: SampleRow, status: str, words: str, where: str, context: ResultsContext) -> StatusRow:
    return StatusRow(
        campaign=context.campaign,
        status=status,
        sample=sample.id,
        formula=sample.formula,
        elements=sample.elements,
        settings=sample.settings,
        note=words,
        place=where,
    )


def _shown(value: DerivedValue) -> dict[str, object]:
    """A value as the derivation keeps it, those among them that are not recorded as measurements."""

    return {
        "property": value.property,
        "value": value.value,
        "unit": value.unit,
        "low90": value.low90,
        "high90": value.high90,
        "bound": value.bound,
        "temperature_C": value.temperature_C,
        "kind": value.kind,
        "conditions": dict(value.conditions),
    }


__all__ = ["derive"]
