"""A diffraction pattern to phases, their fractions and the lattice of the target phase."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from alloop.figures import COLOURS, Axis, Series, figure
from alloop.instruments.diffraction.crystal import Crystal
from alloop.instruments.diffraction.evidence import Evidence
from alloop.instruments.diffraction.fractions import Fractions, phase_fractions
from alloop.instruments.diffraction.measured import Measured, measured_pattern
from alloop.instruments.diffraction.model import Fit
from alloop.instruments.diffraction.peaks import Peak, joined, peaks_of_pattern, points_to_join
from alloop.instruments.diffraction.profile import phase_cell
from alloop.instruments.diffraction.radiation import beam_of
from alloop.instruments.diffraction.references import References
from alloop.instruments.diffraction.residual import Residual, residual_of
from alloop.instruments.diffraction.search import Criteria, identify
from alloop.instruments.diffraction.target import is_target, target_values
from alloop.instruments.evaluation import DerivedValue, Evaluation, Flag, Given
from alloop.instruments.recording import Pattern, Recording

_FROM_AIR = frozenset({"O", "C", "H"})
_INERT = ("ar", "argon", "n2", "nitrogen", "inert", "vacuum", "glovebox")
_NARROWEST_DEG, _NARROW_DEG = 8.0, 25.0
_WEAK_PEAK = 15.0
_MUCH_UNEXPLAINED, _LARGE_MISFIT = 0.15, 2.5
_MUCH_HUMP = 0.2
_MOST_COUNTS = 1e12
_CURVE_POINTS, _LISTED = 380, 12


def evaluate_diffraction(
    recording: Recording,
    given: Given,
    references: References,
    target: Sequence[str] = (),
    criteria: Criteria | None = None,
) -> Evaluation:
    """The phases of a pattern by full-profile fit, none of them without lines of its own.

    Args:
        recording: of kind `diffraction`.
        given: `elements` limits the phases looked for (with O, C and H besides, unless the condition `atmosphere` is
            inert); the condition `wavelength_angstrom` goes before what the file states.
        references: the structures looked for.
        target: names or formulas of the phase that is wanted; its fraction and lattice parameter are values to record.
        criteria: what a phase must show to be claimed, where other limits than the usual ones are tried.
    """
    pattern = recording.pattern
    if pattern is None:
        raise ValueError("the recording holds no diffraction pattern")
    candidates = references.of_elements(_elements(given))
    flags = _pattern_flags(pattern)
    if not candidates:
        flags.append(_no_references(references, given))
    if any(flag.severity == "refusal" for flag in flags):
        return Evaluation(recording.format, "diffraction", flags=tuple(flags), figure=_plain_figure(pattern))
    beam, assumed = beam_of(pattern, given.conditions)
    peaks = peaks_of_pattern(pattern.two_theta_deg, pattern.counts, pattern.sigma)
    width = float(np.median([one.width_deg for one in peaks])) if peaks else 0.2
    points = points_to_join(pattern.two_theta_deg, peaks)
    sigma = None if pattern.sigma is None else joined(pattern.sigma, points) / np.sqrt(points)
    measured = measured_pattern(
        joined(pattern.two_theta_deg, points), joined(pattern.counts, points), sigma, beam
    )
    flags += _counting_flags(peaks)
    measured, fit, evidence = identify(measured, candidates, criteria)
    residual = residual_of(measured, fit, width)
    fractions = phase_fractions(fit, beam.wavelength_angstrom, residual.unexplained_share)
    if assumed:
        words = "the file states no wavelength; copper K-alpha was assumed"
        flags.append(Flag("wavelength_assumed", words, "note" if fit.phases else "doubt"))
    flags += _fit_flags(fit, residual)
    if target and not any(is_target(one, target) for one in candidates):
        words = f"no reference structure is called like the target ({' or '.join(target)}): name its CIF so"
        flags.append(Flag("target_not_named", words, "refusal"))
    values = [
        *target_values(measured, fit, fractions, residual, candidates, target),
        *_shown(fit, fractions, residual),
    ]
    return Evaluation(
        recording.format,
        "diffraction",
        tuple(values),
        tuple(flags),
        model=_model(fit, fractions),
        details=_details(measured, fit, evidence, fractions, residual, candidates, target),
        figure=_figure(measured, fit),
    )


def _elements(given: Given) -> frozenset[str] | None:
    if given.elements is None:
        return None
    atmosphere = str(given.conditions.get("atmosphere", "")).strip().lower()
    return given.elements if atmosphere in _INERT else given.elements | _FROM_AIR


def _no_references(references: References, given: Given) -> Flag:
    if references.crystals and given.elements is not None:
        words = (
            f"none of the {len(references.crystals)} reference structures is made of "
            f"{', '.join(sorted(given.elements))} alone; add CIFs of the phases that may form"
        )
    else:
        words = "there are no reference structures; put CIFs of the phases that may form into the campaign's folder"
    return Flag("no_references", words, "refusal")


def _pattern_flags(pattern: Pattern) -> list[Flag]:
    flags = []
    highest = float(np.abs(pattern.counts).max())
    if not 0.0 < highest < _MOST_COUNTS:
        words = f"intensities up to {highest:.3g} are no counts of a detector: export the pattern again"
        flags.append(Flag("implausible_counts", words, "refusal"))
    span = float(pattern.two_theta_deg[-1] - pattern.two_theta_deg[0])
    wavelength = pattern.wavelength_angstrom or 1.5406
    # A short wavelength holds as many lines in fewer degrees.
    wide = span * 1.5406 / wavelength
    if wide < _NARROW_DEG:
        words = f"the pattern covers {span:.3g}° only; phases are told apart by many lines: measure about 10 to 80°"
        flags.append(Flag("narrow_range", words, "refusal" if wide < _NARROWEST_DEG else "doubt"))
    return flags


def _counting_flags(peaks: Sequence[Peak]) -> list[Flag]:
    best = max((one.significance for one in peaks), default=0.0)
    if best >= _WEAK_PEAK:
        return []
    seen = f"the highest peak is {best:.0f} times its noise" if peaks else "no peak stands out of the noise"
    words = f"{seen}; count longer, or the sample is amorphous"
    return [Flag("few_counts", words, "doubt")]


def _fit_flags(fit: Fit, residual: Residual) -> list[Flag]:
    flags = []
    if not fit.phases:
        flags.append(
            Flag(
                "no_phase_found",
                "no reference structure explains the peaks; add CIFs of other phases",
                "doubt",
            )
        )
    if residual.unexplained:
        places = ", ".join(f"{one.two_theta_deg:.2f}°" for one in residual.unexplained[:_LISTED])
        more = (
            f" and {len(residual.unexplained) - _LISTED} more" if len(residual.unexplained) > _LISTED else ""
        )
        words = (
            f"{100 * residual.unexplained_share:.0f} % of the intensity is in peaks that no phase explains: "
            f"{places}{more}; a phase is missing among the references"
        )
        much = residual.unexplained_share >= _MUCH_UNEXPLAINED
        flags.append(Flag("unexplained_peaks", words, "doubt" if much else "note"))
    if fit.phases and residual.misfit > _LARGE_MISFIT:
        words = (
            f"the fit leaves {residual.misfit:.1f} times what counting and usual errors of structures leave "
            f"(Rwp {100 * residual.rwp:.0f} %): a phase or a solid solution differs from its reference"
        )
        flags.append(Flag("high_residual", words, "doubt"))
    if residual.hump_share > _MUCH_HUMP:
        words = (
            f"{100 * residual.hump_share:.0f} % of the scattering is in broad humps: amorphous material or the holder; "
            "fractions hold among the crystalline phases only"
        )
        flags.append(Flag("amorphous_hump", words))
    return flags


def _shown(fit: Fit, fractions: Fractions, residual: Residual) -> list[DerivedValue]:
    values = [
        DerivedValue(
            "phase_fraction",
            float(fractions.weight[index]),
            "1",
            float(fractions.low90[index]),
            float(fractions.high90[index]),
            conditions={"phase": phase.crystal.name},
            method="full-profile fit",
            is_measurement=False,
        )
        for index, phase in enumerate(fit.phases)
    ]
    hump = DerivedValue(
        "amorphous_hump_share", residual.hump_share, "1", method="area of broad humps", is_measurement=False
    )
    return [*values, hump]


def _model(fit: Fit, fractions: Fractions) -> str:
    order = np.argsort(-fractions.weight)
    return ", ".join(f"{fit.phases[i].crystal.name} {100 * fractions.weight[i]:.1f} wt%" for i in order)


def _details(
    measured: Measured,
    fit: Fit,
    evidence: Sequence[Evidence],
    fractions: Fractions,
    residual: Residual,
    candidates: Sequence[Crystal],
    target: Sequence[str],
) -> dict[str, object]:
    phases = [
        {
            "name": phase.crystal.name,
            "formula": phase.crystal.formula,
            "space_group": phase.crystal.space_group,
            "weight_fraction": float(fractions.weight[index]),
            "cell": [round(v, 5) for v in phase_cell(phase.crystal, phase.shape)],
            "cell_of_reference": list(phase.crystal.cell),
            "lines_tested": evidence[index].testable,
            "lines_found": evidence[index].present,
            "support": round(evidence[index].support, 3),
            "texture": phase.shape.texture,
            "texture_axis": list(phase.shape.axis) if phase.shape.texture != 1.0 else None,
            "is_target": is_target(phase.crystal, target),
        }
        for index, phase in enumerate(fit.phases)
    ]
    peaks = [
        {
            "two_theta_deg": round(one.two_theta_deg, 3),
            "height": round(one.height, 1),
            "width_deg": round(one.width_deg, 3),
        }
        for one in residual.unexplained[:100]
    ]
    return {
        "phases": phases,
        "candidates": len(candidates),
        "rwp": residual.rwp,
        "rexp": residual.rexp,
        "goodness": residual.goodness,
        "misfit": residual.misfit,
        "unexplained_peaks": peaks,
        "unexplained_share": residual.unexplained_share,
        "amorphous_hump_share": residual.hump_share,
        "zero_deg": fit.instrument.zero_deg,
        "displacement_deg": fit.instrument.displacement_deg,
        "wavelength_angstrom": measured.beam.wavelength_angstrom,
    }


def _figure(measured: Measured, fit: Fit) -> str:
    left = measured.counts - fit.calculated
    floor = float(min(measured.counts.min(), fit.calculated.min()))
    below = floor - 1.2 * float(np.abs(left).max()) if len(left) else floor
    series = [
        Series("measured", _thinned(measured.two_theta_deg, measured.counts), "curve", COLOURS[0]),
        Series("fit", _thinned(measured.two_theta_deg, fit.calculated), "curve", COLOURS[5]),
        Series("difference", _thinned(measured.two_theta_deg, left + below), "curve", COLOURS[2]),
    ]
    return figure("Pattern with fit", Axis("2θ (°)"), Axis("counts"), series)


def _plain_figure(pattern: Pattern) -> str:
    points = _thinned(pattern.two_theta_deg, pattern.counts)
    return figure("Pattern", Axis("2θ (°)"), Axis("counts"), [Series("measured", points, "curve")])


def _thinned(x: np.ndarray, y: np.ndarray) -> list[tuple[float, float]]:
    """At most 380 points that keep the peaks: of each stretch the lowest and the highest."""
    if len(x) <= _CURVE_POINTS:
        return [(float(a), float(b)) for a, b in zip(x, y, strict=True)]
    places: set[int] = set()
    for stretch in np.array_split(np.arange(len(x)), _CURVE_POINTS // 2):
        places |= {int(stretch[np.argmin(y[stretch])]), int(stretch[np.argmax(y[stretch])])}
    return [(round(float(x[i]), 3), round(float(y[i]), 2)) for i in sorted(places)]
