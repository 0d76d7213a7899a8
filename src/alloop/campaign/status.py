"""`status`: a campaign as it stands now, told from its records."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from alloop.campaign.advice import gain_before, gain_text
from alloop.campaign.desk import Desk
from alloop.campaign.kept_status import MANY_VALUES, keep_status, kept_status, moment_of
from alloop.campaign.ledger import Comparison, score, score_by_plate
from alloop.campaign.overview import Overview, survey
from alloop.campaign.progress import course_of
from alloop.campaign.suspects import still_doubted, summary
from alloop.campaign.told_status import Status, Trust
from alloop.campaign_file import CampaignFile
from alloop.records import (
    DROPPED_STATES,
    PENDING_STATES,
    PlateProgress,
    SnapshotRow,
    decode_settings,
    split_sample_id,
    without_collecting,
)
from alloop.space.types import write_level


def status_of(desk: Desk) -> Status:
    """The campaign as it stands now; a few seconds of a hundred thousand values, unless it was told since they came."""
    with without_collecting():
        with desk.records.reading() as reader:
            moment = moment_of(desk, reader)
            kept = kept_status(desk, moment)
            if kept is not None:
                return kept
            found = survey(reader, desk.slug, desk.file)
        status = _told(desk, found)
        if len(found.values) >= MANY_VALUES:
            keep_status(desk, moment, status)
        return status


def _told(desk: Desk, found: Overview) -> Status:
    file = desk.file
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
    measured, settings = found.measured, found.settings
    own = [sample for sample in found.samples if sample.id in measured]
    at = {(sample.plate, settings[sample.id]) for sample in own}
    controls = {sample.plate for sample in own if sample.well in found.controls.get(sample.plate, ())}
    levels: dict[str, dict[str, set[str]]] = {}
    read = {text: decode_settings(text) for _, text in at}
    for plate, text in sorted(at):
        for setting in shared:
            if setting.name in read[text]:
                level = write_level(read[text][setting.name])
                levels.setdefault(setting.name, {}).setdefault(level, set()).add(plate)
    lines = []
    for name, plates in levels.items():
        if len(plates) == 1:
            lines.append(f"every measured plate had {name} {next(iter(plates))}: other levels are not known")
        elif sum(map(len, plates.values())) > len(set.union(*plates.values())):
            continue  # some plate had several levels
        elif any(not some & controls for some in plates.values()):
            lines.append(
                f"no control was measured at every {name}: its effect cannot be told from plate offsets"
            )
        elif all(len(some) == 1 for some in plates.values()):
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
