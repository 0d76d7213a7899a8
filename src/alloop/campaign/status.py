"""`status`: plates, what is pending, the best so far, trust in the model, and what to do next."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from alloop.campaign.advice import before_text, gain_before, gain_text
from alloop.campaign.desk import Desk
from alloop.campaign.ledger import Comparison, Score, score, score_by_plate
from alloop.campaign.overview import Overview, survey
from alloop.campaign.progress import Progress, course_of
from alloop.campaign.suspects import Doubted, as_json, still_doubted, summary
from alloop.campaign_file import CampaignFile
from alloop.records import (
    DROPPED_STATES,
    PENDING_STATES,
    ExclusionRow,
    PlateProgress,
    SnapshotRow,
    decode_settings,
    split_sample_id,
    without_collecting,
)
from alloop.space.types import write_level


@dataclass(frozen=True)
class Trust:
    """Trust in the model of a property.

    `kind` is who spoke when the last plate was planned. `n`, `coverage90` and `log_score` are the ledger's:
    frozen predictions whose values have come, and `by_plate` the same round by round. `cross_validation` holds the
    figures of the last plan's check.
    """

    kind: str | None
    n: int
    coverage90: float | None
    log_score: float | None
    cross_validation: Mapping[str, Any]
    by_plate: Mapping[str, Score]


@dataclass(frozen=True)
class Status:
    """A campaign as it stands now; `unused` counts values measured under other conditions, by property.

    `gain` and `advice` are those of the last plan, `expected` are the advice for every plate without results, and
    `gain_before` is what the last plate with results was expected to bring and brought.
    """

    campaign: str
    title: str
    version: int
    plates: tuple[PlateProgress, ...]
    pending_wells: int
    progress: Progress
    trust: Mapping[str, Trust]
    gain: float | None
    gain_before: Mapping[str, Any] | None
    advice: str | None
    values: Mapping[str, int]
    unused: Mapping[str, int]
    exclusions: tuple[ExclusionRow, ...]
    warnings: tuple[str, ...]
    next_action: str
    suspects: tuple[Doubted, ...] = ()
    expected: tuple[str, ...] = ()

    @property
    def round(self) -> int:
        """How many plates were planned and not dropped."""
        return sum(plate.state not in DROPPED_STATES for plate in self.plates)

    @property
    def outlook(self) -> tuple[str, ...]:
        """Sentences on what the last plates brought and are expected to bring, as far as that is known."""
        before = () if self.gain_before is None else (before_text(self.gain_before),)
        return (*before, *self.expected)

    def as_json(self) -> dict[str, Any]:
        """The document of `status --json`."""
        return {
            "campaign": self.campaign,
            "title": self.title,
            "version": self.version,
            "round": self.round,
            "plates": [
                {
                    "id": plate.plate,
                    "state": plate.state,
                    "since": plate.state_at.isoformat(),
                    "wells": plate.wells,
                    "measured": plate.measured,
                    "reported": plate.reported,
                }
                for plate in self.plates
            ],
            "pending_wells": self.pending_wells,
            "best": {name: vars(best) for name, best in self.progress.best.items()},
            "hypervolume": list(self.progress.hypervolume),
            "hits": list(self.progress.hits),
            "model": {
                name: {
                    "kind": trust.kind,
                    "coverage90": trust.coverage90,
                    "log_score": trust.log_score,
                    "n": trust.n,
                    "cross_validation": dict(trust.cross_validation),
                    "by_plate": {plate: _score_json(one) for plate, one in trust.by_plate.items()},
                }
                for name, trust in self.trust.items()
            },
            "gain": self.gain,
            "gain_before": self.gain_before,
            "advice": self.advice,
            "values": dict(self.values),
            "values_unused": dict(self.unused),
            "suspects": as_json(self.suspects),
            "excluded": [{"kind": row.kind, "target": row.target, "why": row.why} for row in self.exclusions],
            "warnings": list(self.warnings),
            "next_action": self.next_action,
        }


def status_of(desk: Desk) -> Status:
    """The campaign as it stands now; a second or so of a hundred thousand values."""
    with without_collecting():
        return _status(desk)


def _status(desk: Desk) -> Status:
    file = desk.file
    with desk.records.reading() as reader:
        found = survey(reader, desk.slug, file)
    plates, snapshots = found.plates, found.snapshots
    kept = {plate.plate for plate in plates if plate.state not in DROPPED_STATES}
    waiting = {plate.plate for plate in plates if plate.state in PENDING_STATES and not plate.measured}
    snapshot = next((one for one in reversed(snapshots) if one.plate in kept), None)
    suspects = still_doubted(snapshot.content if snapshot else {}, found.counted)
    whole = found.standing()
    left_out = [(one.sample, one.property, one.value) for one in suspects]
    believed = found.standing(left_out) if left_out else whole
    return Status(
        campaign=desk.slug,
        title=file.title,
        version=found.version.number,
        plates=plates,
        pending_wells=sum(p.wells - p.reported for p in plates if p.state in PENDING_STATES),
        progress=course_of(file, believed, lambda name: _formula_of(desk, name)),
        trust=_trust(snapshot, found.comparison()),
        gain=snapshot.content.get("gain") if snapshot else None,
        gain_before=gain_before(
            file,
            whole,
            {found.plate_of[name] for name in found.measured},
            [one for one in snapshots if one.plate in kept],
        ),
        advice=snapshot.content.get("advice") if snapshot else None,
        values=found.used,
        unused=found.unused,
        exclusions=found.exclusions,
        warnings=(*summary(suspects), *_literature_left_out(snapshot), *_confounded(file, found)),
        suspects=suspects,
        expected=tuple(
            one.content["advice"] for one in snapshots if one.plate in waiting and one.content.get("advice")
        ),
        next_action=_next_action(desk, plates, snapshot),
    )


def _formula_of(desk: Desk, sample: str) -> str:
    """The formula of a sample, as made as far as is known."""
    plate = split_sample_id(sample)[0]
    return next(row.formula for row in desk.records.samples(desk.slug, plate) if row.id == sample)


def _score_json(score: Score) -> dict[str, Any]:
    log_score = round(score.log_score, 4) if math.isfinite(score.log_score) else None
    return {"n": score.n, "coverage90": round(score.coverage90, 4), "log_score": log_score}


def _trust(snapshot: SnapshotRow | None, entries: Comparison) -> dict[str, Trust]:
    scores, by_plate = score(entries), score_by_plate(entries)
    reports: Mapping[str, Mapping[str, Any]] = snapshot.content.get("models", {}) if snapshot else {}
    trust = {}
    for name in sorted({*reports, *scores}):
        report, ledger = dict(reports.get(name, {})), scores.get(name)
        trust[name] = Trust(
            kind=report.pop("kind", None),
            n=ledger.n if ledger else 0,
            coverage90=round(ledger.coverage90, 4) if ledger else None,
            log_score=round(ledger.log_score, 4) if ledger and math.isfinite(ledger.log_score) else None,
            cross_validation=report,
            by_plate=by_plate.get(name, {}),
        )
    return trust


def _literature_left_out(snapshot: SnapshotRow | None) -> list[str]:
    names = snapshot.content.get("literature_left_out", ()) if snapshot else ()
    return [f"literature left out for {name}: it predicts your values worse" for name in names]


def _confounded(file: CampaignFile, found: Overview) -> list[str]:
    """Settings that all wells of a plate share and whose effect cannot be told from the plates' offsets.

    Blocks of one plate with different levels tell them apart.
    """
    shared = [one for one in file.space.process.settings if one.shared_by != "well" and len(one.levels) > 1]
    if not shared:
        return []
    at: set[tuple[str, str]] = set()
    controls: set[str] = set()
    for sample in found.samples:
        if sample.id in found.measured:
            at.add((sample.plate, found.settings[sample.id]))
            if sample.well in found.controls.get(sample.plate, ()):
                controls.add(sample.plate)
    levels: dict[str, dict[str, set[str]]] = {}
    for plate, text in sorted(at):
        own = decode_settings(text)
        for setting in shared:
            if setting.name in own:
                level = write_level(own[setting.name])
                levels.setdefault(setting.name, {}).setdefault(level, set()).add(plate)
    lines = []
    for name, plates in levels.items():
        if len(plates) == 1:
            lines.append(f"every measured plate had {name} {next(iter(plates))}: other levels are not known")
        elif sum(map(len, plates.values())) > len(set.union(*plates.values())):
            continue  # some plate had several levels
        elif any(not own & controls for own in plates.values()):
            lines.append(
                f"no control was measured at every {name}: its effect cannot be told from plate offsets"
            )
        elif all(len(own) == 1 for own in plates.values()):
            lines.append(f"each {name} was on one plate only: its effect is hard to tell from plate offsets")
    return lines


def _next_action(desk: Desk, plates: tuple[PlateProgress, ...], snapshot: SnapshotRow | None) -> str:
    """What a person should do now, oldest plate first."""
    for plate in plates:
        name, open_wells = plate.plate, plate.wells - plate.reported
        if plate.state == "proposed":
            sheet = desk.folder(name) / "plan.html"
            return f"read the proposal in {sheet}, then: alloop approve {name} (or alloop reject {name} --why ...)"
        if plate.state == "approved":
            return (
                f"weigh {name} with the sheet in {desk.folder(name) / 'sheet.html'}, then: alloop made {name}"
            )
        if plate.state in ("in_synthesis", "measuring"):
            if not open_wells:
                return f"close {name}, all of whose wells are reported, or upload what is missing: alloop close {name}"
            return (
                f"measure {name} ({open_wells} of {plate.wells} wells open), then: alloop upload {desk.slug} FILE; "
                f"alloop close {name} when no more results will come"
            )
    stopping = desk.file.stopping
    count = sum(plate.state not in DROPPED_STATES for plate in plates)
    if stopping.max_plates is not None and count >= stopping.max_plates:
        return f"stop: the campaign was to have {stopping.max_plates} plates; alloop report {desk.slug}"
    gain = snapshot.content.get("gain") if snapshot else None
    if snapshot and stopping.min_gain is not None and gain is not None and gain < stopping.min_gain:
        unit = snapshot.content.get("gain_unit") or "hypervolume"
        return (
            f"stop, or widen the space: {snapshot.plate} was expected to add {gain_text(gain, unit)}, less than "
            f"{gain_text(stopping.min_gain, unit)}; alloop plan {desk.slug} --dry-run says what another plate would add"
        )
    return f"plan the next plate: alloop plan {desk.slug}"
