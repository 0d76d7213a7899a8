from alloop.synthesis.because import because

UNITS = {"ionic_conductivity": "decades", "oxidation_limit": "V"}


def test_reasons_read_as_sentences() -> None:
    entry = {
        "predictions": {"ionic_conductivity": {"sd": 0.3}, "oxidation_limit": {"sd": 0.1}},
        "drivers": [
            {"what": "0.3 In3+ on M", "effects": {"ionic_conductivity": 1.9, "oxidation_limit": -0.2}},
            {"what": "0.1 Zn2+ on M", "effects": {"ionic_conductivity": -0.4, "oxidation_limit": 0.01}},
            {"what": "milling time 5 h", "effects": {"ionic_conductivity": 0.01, "oxidation_limit": 0.0}},
        ],
        "neighbours": [
            {
                "name": "P-001-B03",
                "formula": "Li2MgCl4",
                "distance": 0.61,
                "failed": False,
                "values": {
                    "ionic_conductivity": {"value": 1.2e-6, "unit": "S/cm", "bound": "below"},
                    "oxidation_limit": {"value": 4.1, "unit": "V", "bound": "exact"},
                },
            },
            {"name": "a paper", "formula": "", "distance": 2.0, "failed": True, "values": {}},
        ],
        "teaches": {"overall": 0.04, "about": "candidates with In", "share": 0.5},
    }
    assert because(entry, UNITS) == (
        "Driven by: σ: 0.3 In3+ on M ×79, 0.1 Zn2+ on M ÷2.5; Eox: 0.3 In3+ on M −0.2 V.",
        "Near: P-001-B03 Li2MgCl4 at 0.6: σ <1.2·10⁻⁶ S/cm, Eox 4.1 V; a paper at 2.0: did not form.",
        "Teaches: intervals 50% narrower for candidates with In, 4% narrower over the whole space.",
    )


def test_what_says_next_to_nothing_says_so() -> None:
    assert because({}, UNITS) == ()
    small = {
        "predictions": {"ionic_conductivity": {"sd": 0.5}},
        "drivers": [{"what": "0.3 In3+ on M", "effects": {"ionic_conductivity": 0.01}}],
        "neighbours": [],
        "teaches": {"overall": 0.001, "about": "", "share": 0.001},
    }
    assert because(small, UNITS) == (
        "Driven by: nothing that stands out from the doubt.",
        "Teaches: hardly anything that is not known.",
    )
