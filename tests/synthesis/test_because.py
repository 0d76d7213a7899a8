from alloop.synthesis.because import because

UNITS = {"ionic_conductivity": "decades", "oxidation_limit": "V"}


def test_reasons_read_as_sentences() -> None:
    entry = {
        "predictions": {"ionic_conductivity": {"sd": 0.3}, "oxidation_limit": {"sd": 0.1}},
        "drivers": [
            {"what": "In3+ on M 0.3", "effects": {"ionic_conductivity": 1.9, "oxidation_limit": -0.2}},
            {"what": "Zn2+ on M 0.1", "effects": {"ionic_conductivity": -0.4, "oxidation_limit": 0.01}},
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
        "Driven by: σ: In3+ on M 0.3 ×79, Zn2+ on M 0.1 ÷2.5; Eox: In3+ on M 0.3 −0.2 V.",
        "Near: P-001-B03 Li2MgCl4 at 0.6: σ <1.2e-06 S/cm, Eox 4.1 V; a paper at 2.0: did not form.",
        "Teaches: halves the doubt about candidates with In, 4% over the whole space.",
    )


def test_what_says_nothing_is_left_out() -> None:
    assert because({}, UNITS) == ()
    small = {
        "predictions": {"ionic_conductivity": {"sd": 0.5}},
        "drivers": [{"what": "In3+ on M 0.3", "effects": {"ionic_conductivity": 0.01}}],
        "neighbours": [],
        "teaches": {"overall": 0.001, "about": "", "share": 0.001},
    }
    assert because(small, UNITS) == ()
