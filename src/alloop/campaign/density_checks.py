"""Pellets denser than their crystal: a mass, a thickness or a diameter must be wrong."""

from __future__ import annotations

from collections.abc import Collection

from alloop.campaign.evidence import Evidence
from alloop.campaign_file import CampaignFile
from alloop.errors import Problem

_ROOM = 1.05
"""A doped sample's crystal may be that much denser than the reference structure's."""


def too_dense(file: CampaignFile, evidence: Evidence, samples: Collection[str]) -> tuple[Problem, ...]:
    """A warning for each density of `samples` above that of the densest structure called like the target phase."""
    rows = [
        row
        for row in evidence.counted
        if row.property == "density" and row.sample in samples and row.bound == "exact"
    ]
    target = file.target_phase
    if not rows or target is None or target.references is None:
        return ()
    from alloop.instruments.diffraction import load_references
    from alloop.instruments.diffraction.target import is_target

    structures = load_references(target.references).crystals
    wanted = [one.density for one in structures if is_target(one, target.names)]
    if not wanted:
        return ()
    limit = max(wanted)
    return tuple(
        Problem(
            f"sample {row.sample}",
            f"its density {row.value:.3g} g/cm^3 is above the crystal's, {limit:.3g} g/cm^3",
            "check mass, thickness and diameter",
        )
        for row in rows
        if row.value > _ROOM * limit
    )


__all__ = ["too_dense"]
