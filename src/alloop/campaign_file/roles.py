"""Ready-made objectives and constraints for what an electrolyte is to be: separator, catholyte or anolyte.

A section that the file states itself replaces the role's; nothing of a role is hidden: `alloop space` prints it. The
values are starting points, each from the source named beside it; nobody's specification.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from alloop.campaign_file.report import Report

_SIGMA = {
    "property": "ionic_conductivity", "temperature_C": "25", "kind": "total", "goal": "maximize", "scale": "log10",
    "unit": "S/cm", "reference": "1e-4", "target": "1e-3",
}  # fmt: skip
_TIGHT = {
    "property": "electronic_conductivity",
    "temperature_C": "25",
    "max": "1e-8",
    "scale": "log10",
    "unit": "S/cm",
}
_SIGMA_SOURCE = (
    "1 mS/cm is called practical in Nano-Micro Lett. 18:410 (2026); a tenth of it is the worst accepted"
)
_TIGHT_SOURCE = "electrons feed dendrites; as-made Li6PS5Cl has 6.3e-9 S/cm (EES Batteries 2025, 1, 692)"


@dataclass(frozen=True)
class Role:
    """What a role fills in: sections as a campaign file writes them, and why each value is what it is."""

    sections: Mapping[str, Any]
    sources: Mapping[str, str]


ROLES: Mapping[str, Role] = {
    "separator": Role(
        {
            "objectives": [
                _SIGMA,
                {"property": "critical_current_density", "goal": "maximize", "scale": "log10", "unit": "mA/cm^2",
                 "reference": "0.3", "target": "3"},
            ],
            "constraints": [_TIGHT, {"property": "relative_density", "min": "0.9"}],
            "observe": ["li_stability"],
        },
        {
            "ionic_conductivity": _SIGMA_SOURCE,
            "critical_current_density": "3 to 10 mA/cm2 are needed, and most electrolytes never exceed 0.3, according "
            "to Famprikis et al., Nat. Mater. 18, 1278 (2019)",
            "electronic_conductivity": _TIGHT_SOURCE,
            "relative_density": "pores are where dendrites grow; a rule of thumb",
        },
    ),
    "catholyte": Role(
        {
            "objectives": [
                _SIGMA,
                {"property": "oxidation_limit", "goal": "maximize", "unit": "V", "reference": "3.8", "target": "4.3"},
            ],
            "constraints": [{"property": "target_phase_fraction", "min": "0.8"}],
        },
        {
            "ionic_conductivity": _SIGMA_SOURCE,
            "oxidation_limit": "beyond the charged cathode: layered oxides are charged to about 4.3 V against Li+/Li "
            "and deliver most of their charge above 3.8 V; Li3InCl6 oxidises at 4.20 V (Nano-Micro Lett. 18:410)",
            "target_phase_fraction": "a second phase usually conducts worse; a rule of thumb",
        },
    ),
    "anolyte": Role(
        {
            "objectives": [
                {"property": "reduction_limit", "goal": "minimize", "unit": "V", "reference": "1.2", "target": "0.1"},
                {"property": "li_stability", "goal": "maximize", "scale": "log10", "unit": "h", "reference": "100",
                 "target": "1000"},
            ],
            "constraints": [
                {"property": "ionic_conductivity", "temperature_C": "25", "kind": "total", "min": "1e-4",
                 "scale": "log10", "unit": "S/cm"},
                _TIGHT,
            ],
        },
        {
            "reduction_limit": "garnets are reduced at 0.05 V only (Famprikis et al., Nat. Mater. 18, 1278 (2019)), "
            "Li6PS5Cl at 1.1 to 1.75 V, depending on the method (EES Batteries 2025, 1, 692)",
            "li_stability": "symmetric cells of doped argyrodites live 700 to 1000 h (the same review)",
            "ionic_conductivity": _SIGMA_SOURCE,
            "electronic_conductivity": _TIGHT_SOURCE,
        },
    ),
}  # fmt: skip


def fill_role(report: Report, name: str | None) -> tuple[str, ...]:
    """Put the sections of a role into the document where the file has none; returns what was filled in, as lines."""
    tree = report.document.tree
    role = ROLES.get(name or "")
    if role is None or not isinstance(tree, dict):
        return ()
    lines = []
    for section, content in role.sections.items():
        if tree.get(section) is not None:
            continue
        tree[section] = content
        lines += [_says(section, entry, role.sources) for entry in content]
    return tuple(f"role {name}: {line}" for line in lines)


def _says(section: str, entry: Any, sources: Mapping[str, str]) -> str:
    """One entry of a section in words: `maximize oxidation_limit, reference 3.8 V, target 4.3 V (…)`."""
    if isinstance(entry, str):
        return f"{section} {entry}"
    name, unit = entry["property"], entry.get("unit", "")
    kind = f"{entry['kind']} " if "kind" in entry else ""
    at = f" at {entry['temperature_C']} °C" if "temperature_C" in entry else ""
    words = {"reference": "reference", "target": "target", "min": "at least", "max": "at most"}
    bounds = [f"{word} {entry[key]} {unit}".strip() for key, word in words.items() if key in entry]
    comma = "," if "goal" in entry else ""
    return f"{entry.get('goal', 'keep')} {kind}{name}{at}{comma} {', '.join(bounds)} ({sources[name]})"


__all__ = ["ROLES", "Role", "fill_role"]
