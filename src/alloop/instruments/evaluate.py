"""One recording to what it says of its sample, whatever was measured."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from alloop.instruments.evaluation import Evaluation, Flag, Given
from alloop.instruments.recording import Recording

if TYPE_CHECKING:
    from alloop.instruments.diffraction import References


def evaluate(
    recording: Recording, given: Given, references: References | None = None, target: Sequence[str] = ()
) -> Evaluation:
    """Derive property values from a recording.

    Args:
        recording: as `read_recording` gives it.
        given: what is known of the sample besides.
        references: structures to look for in a diffraction pattern.
        target: names of the phase that is wanted, of which the fraction is reported.
    """
    if recording.spectra:
        from alloop.instruments.impedance import evaluate_impedance

        return evaluate_impedance(recording, given)
    if recording.trace is not None:
        from alloop.instruments.cells import evaluate_trace

        return evaluate_trace(recording, given)
    if references is None:
        words = "a pattern needs the structures of the phases it may show: name a folder of CIF files"
        return Evaluation(recording.format, recording.kind, flags=(Flag("no_references", words, "refusal"),))
    from alloop.instruments.diffraction import evaluate_diffraction

    return evaluate_diffraction(recording, given, references, target)
