"""Campaign files for the tests, and what reading them says."""

from pathlib import Path

import pytest

from alloop.campaign_file import CampaignFile, parse_campaign
from alloop.errors import UserError

HALIDE_SPINEL = """\
campaign: halide-spinel
title: Chloride spinels Li2MCl4 with aliovalent dopants
mobile_ion: Li+
atmosphere: inert
target_phase: {names: ["spinel Fd-3m"], references: references/}
space:
  sites:
    - name: M
      amount: 1.0
      host: Mg2+
      max_substituents: 3
      substituents:
        - {species: [Zn2+, Mn2+, In3+, Sc3+, Zr4+], max: 0.4, step: 0.05}
    - {name: X, amount: 4.0, host: Cl-, substituents: [{species: Br-, max: 1.0, step: 0.25}]}
  charge_compensation: {species: Li+, min: 1.0, max: 2.4}
  limits: {max_dopants: 4, exclude_elements: [Cd, Hg, Tl]}
  process:
    - {name: anneal_temperature, unit: degC, levels: [300, 400, 500], shared_by: plate}
    - {name: milling_time, unit: h, levels: [1, 5, 20], shared_by: well}
precursors:
  - {formula: LiCl, purity: 0.999, excess: 0.02, price_per_g: 0.6}
  - {formula: LiBr}
  - {formula: MgCl2, stock_g: 100}
  - {formula: ZnCl2}
  - {formula: MnCl2}
  - {formula: InCl3}
  - {formula: ScCl3}
  - {formula: ZrCl4}
pellet: {diameter_mm: 6.5}
objectives:
  - {property: ionic_conductivity, temperature_C: 25, kind: total, goal: maximize, scale: log10, unit: S/cm,
     reference: 1.0e-6, target: 1.0e-3}
  - {property: oxidation_limit, goal: maximize, unit: V, reference: 3.5}
constraints:
  - {property: target_phase_fraction, min: 0.8}
  - {property: electronic_conductivity, max: 1.0e-8, scale: log10, unit: S/cm}
plate:
  rows: 8
  columns: 8
  controls: {count: 3, formula: Li2MgCl4, process: {milling_time: 5}}
  replicates: 3
  random: 3
  max_precursors: 24
  sample_mass_g: 0.5
  balance_resolution_mg: 0.1
aim: {front: 0.5, hits: 0.5}
stopping: {max_plates: 16, min_gain: 0.01}
literature: [literature/halides.csv]
schedule: "0 6 * * *"
"""

SMALL = """\
campaign: small
mobile_ion: Li+
space:
  sites:
    - {name: M, amount: 1, host: Mg2+, substituents: [{species: [Zn2+, In3+], max: 0.2, step: 0.1}]}
    - {name: X, amount: 4, host: Cl-}
  charge_compensation: {species: Li+, min: 1, max: 2}
objectives:
  - {property: ionic_conductivity, goal: maximize}
"""


def problems_of(text: str, base: Path, complete: bool = True) -> list[str]:
    """The lines that a wrong file gives."""
    with pytest.raises(UserError) as caught:
        parse_campaign(text, base, "file.yaml", complete)
    return [str(problem) for problem in caught.value.problems]


def parse(text: str, base: Path, complete: bool = True) -> CampaignFile:
    return parse_campaign(text, base, "file.yaml", complete)
