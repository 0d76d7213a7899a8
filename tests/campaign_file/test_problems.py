import pytest
from campaign_texts import SMALL, parse, problems_of


def changed(text, old, new):
    assert old in text, f"{old!r} is not in the file"
    return text.replace(old, new, 1)


SITES = [
    (
        "campaign: halide-spinel",
        "campaign: Halide Spinel",
        "line 1, campaign: 'Halide Spinel' cannot be a name",
    ),
    ("campaign: halide-spinel\n", "", "'campaign' is missing"),
    ("title:", "titel:", "line 2, titel: unknown key 'titel'; did you mean 'title'?"),
    ("max_substituents: 3", "max_subs: 3", "line 11, space.sites[0].max_subs: unknown key"),
    ("mobile_ion: Li+", "mobile_ion: Li", "element 'Li' has no charge"),
    ("atmosphere: inert", "atmosphere: argon", "'argon' is not one of the choices; use one of air, inert"),
    ("host: Mg2+", "host: Mg", "line 10, space.sites[0].host: element 'Mg' has no charge"),
    ("Zn2+, Mn2+", "Zn2+, Xq", "line 13, space.sites[0].substituents[0].species[1]: unknown element 'Xq'"),
    ("Zn2+, Mn2+", "Zn2+, Mg2+", "Mg2+ is the host of site M already"),
    ("Zn2+, Mn2+", "Zn2+, Zn2+", "Zn2+ is listed twice on this site"),
    ("Zn2+, Mn2+", "Zn2+, Li+", "Li+ compensates the charge but is a substituent on site M"),
    (
        "max: 0.4, step: 0.05",
        "max: 0.42, step: 0.05",
        "max 0.42 is no multiple of the step 0.05; use 0.4 or 0.45",
    ),
    ("max: 0.4, step: 0.05", "max: 1.5, step: 0.5", "1.5 do not fit on site M of 1"),
    ("max: 0.4, step: 0.05", "max: 0.4", "max alone does not say the levels"),
    ("max: 0.4, step: 0.05", "step: 0.05", "step alone does not say the levels"),
    ("max: 0.4, step: 0.05", "max: 0.4, step: 0.05, levels: [0.1]", "levels stand beside max or step"),
    ("max: 0.4, step: 0.05", "levels: [0.1, 0.10]", "an amount is listed twice"),
    ("max: 0.4, step: 0.05", "levels: [0, 0.1]", "levels[0]: 0 is too small; it must be above 0"),
    ("max: 0.4, step: 0.05", "max: 0.4, step: 1e-9", "more than 10,000 levels"),
    ("amount: 1.0", "amount: 1,0", "'1,0' is not a number; write '1.0' with a decimal point"),
    ("name: X", "name: M", "a second site is called 'M'"),
    ("min: 1.0, max: 2.4", "min: 1.0", "line 15, space.charge_compensation: 'max' is missing"),
    ("min: 1.0, max: 2.4", "min: 3.0, max: 2.4", "min 3 lies above max 2.4"),
    ("species: Li+, min", "species: Va, min", "Va is neutral and compensates nothing"),
    ("max_dopants: 4", "max_dopants: 1.5", "1.5 is not a whole number"),
    ("[Cd, Hg, Tl]", "[Cd, Hx]", "exclude_elements[1]: 'Hx' is not an element"),
    ("max_dopants: 4", "amounts: [{species: [Cl-, Fr+], min: 1}]", "Fr+ is not in this space"),
    (
        "max_dopants: 4",
        "amounts: [{species: [Br-], site: x, min: 1}]",
        "there is no site 'x'; did you mean 'X'?",
    ),
    ("max_dopants: 4", "amounts: [{species: [Br-], site: M, min: 1}]", "Br- is not on site M"),
    ("max_dopants: 4", "amounts: [{species: [Br-]}]", "there is neither min nor max"),
    (
        "max_dopants: 4",
        "distinct: [{species: [Zn2+, Mn2+], min: 3}]",
        "min 3 asks for more than the 2 species",
    ),
]
PROCESS = [
    ("shared_by: plate", "shared_by: plates", "did you mean 'plate'?"),
    ("[1, 5, 20]", "[1, 5, 5.0]", "a level of milling_time is listed twice"),
    ("[1, 5, 20]", "[1, 5, long]", "mix numbers and names"),
    ("levels: [1, 5, 20], ", "", "milling_time has no levels"),
    ("name: milling_time", "name: anneal_temperature", "a second setting is called 'anneal_temperature'"),
    ("shared_by: well", "unless: {anneal: none}", "there is no setting 'anneal'"),
    ("shared_by: well", "unless: {anneal_temperature: 301}", "301 is no level of anneal_temperature"),
    ("shared_by: well", "unless: {milling_time: 1}", "milling_time cannot depend on itself"),
    (
        "shared_by: plate",
        "relative_to: crystallization_temperature, shared_by: plate",
        "write 'shared_by: well'",
    ),
    ("unit: h,", "unit: h, relative_to: crystallization_temperature,", "h is a time, not a temperature"),
    ("unit: h,", "relative_to: crystallization_temperature,", "milling_time has no unit"),
    ("unit: h,", "excess_of: LiF,", "LiF is no precursor; use one of LiCl, LiBr"),
]
SHELF = [
    ("{formula: LiBr}", "{formula: LiBx}", "unknown element 'Bx'"),
    ("{formula: LiBr}", "{formula: LiCl}", "LiCl is listed twice"),
    ("{formula: LiBr}", "{formula: LiBr, gives: NaBr}", "gives Na, which LiBr does not hold"),
    ("purity: 0.999", "purity: 99.9", "purity 99.9 is not above 0 and up to 1; write 0.999"),
    ("price_per_g", "price", "unknown key 'price'; did you mean 'price_per_g'?"),
    ("  - {formula: MgCl2, stock_g: 100}\n", "", "the control Li2MgCl4 is no candidate"),
    ("pellet: {diameter_mm: 6.5}", "pellet: {}", "the pellet has no size"),
    ('names: ["spinel Fd-3m"]', "amorphous: true, names: [x]", "both named and amorphous"),
]
AIMS = [
    ("property: ionic_conductivity", "property: ionic_conductivty", "did you mean ionic_conductivity"),
    ("reference: 1.0e-6", "reference: -6", "write the value itself, such as 1.0e-06"),
    ("reference: 1.0e-6", "reference: 6", "6 S/cm is outside what ionic_conductivity can be"),
    (", reference: 3.5", "", "oxidation_limit has no reference"),
    ("target: 1.0e-3", "target: 1.0e-7", "is no better than the reference"),
    ("unit: S/cm,\n", "unit: cm² s⁻¹,\n", "an area per time, not a conductivity"),
    ("goal: maximize, unit: V", "goal: up, unit: V", "use one of maximize, minimize"),
    ("kind: total", "kind: totl", "did you mean 'total'?"),
    ("goal: maximize, unit: V", "goal: maximize, kind: bulk, unit: V", "oxidation_limit has no kinds"),
    ("property: oxidation_limit", "property: ionic_conductivity", "ionic_conductivity is an objective twice"),
    (
        "property: oxidation_limit, goal: maximize, unit: V",
        "property: cost, goal: minimize",
        "cost needs a price for",
    ),
    ("min: 0.8}", "min: 80}", "80 is outside what target_phase_fraction can be (0 to 1); write 0.8 for 80 %"),
    (", min: 0.8}", "}", "there is neither min nor max"),
    ("aim: {front: 0.5, hits: 0.5}", "aim: {front: 0, hits: 0}", "no weight is above 0"),
    ("aim: {front", "aim: {frnt", "unknown key 'frnt'; did you mean 'front'?"),
    ('schedule: "0 6 * * *"', "observe: [cost]", "cost follows from the composition"),
]
PLATE = [
    ("rows: 8", "rows: 0", "0 is too small; it must be at least 1"),
    ("random: 3", "random: 60", "66 wells are reserved, the plate has 64"),
    ("formula: Li2MgCl4", "formula: Li3MgCl4", "Li3MgCl4 is not neutral: +1.00 e"),
    ("formula: Li2MgCl4", "formula: Li3InCl6", "the control Li3InCl6 is no candidate of the space"),
    ("{milling_time: 5}", "{milling_time: 7}", "7 is no level of milling_time; use one of 1, 5, 20"),
    (
        "{milling_time: 5}",
        "{miling_time: 5}",
        "there is no setting 'miling_time'; did you mean 'milling_time'?",
    ),
    ("{milling_time: 5}", "{milling_time: 5, anneal_temperature: 300}", "shared by the plate"),
    (", process: {milling_time: 5}", "", "the controls do not say their milling_time"),
    ("balance_resolution_mg: 0.1", "balance_resolution_mg: 100", "cannot weigh 500 mg samples"),
    ("halides.csv", "halide.csv", "there is no file literature/halide.csv; did you mean 'halides.csv'?"),
    ('schedule: "0 6 * * *"', "schedule: 12:30", "'12:30' is not a schedule"),
    ("max_plates: 16", "max_plates: many", "'many' is not a number"),
]


@pytest.mark.parametrize(("old", "new", "message"), SITES + PROCESS + SHELF + AIMS + PLATE)
def test_each_mistake_is_named_with_its_place_and_its_remedy(example, tmp_path, old, new, message):
    lines = problems_of(changed(example, old, new), tmp_path)
    assert any(message in line for line in lines), lines
    assert all(line.startswith("file.yaml") for line in lines)


def test_all_problems_come_at_once_in_the_order_of_the_file(example, tmp_path):
    text = example
    for old, new, _ in (
        SITES[0],
        SITES[2],
        SITES[6],
        SITES[11],
        PROCESS[0],
        SHELF[3],
        AIMS[1],
        AIMS[3],
        PLATE[11],
    ):
        text = changed(text, old, new)
    lines = problems_of(text, tmp_path)
    assert len(lines) == 9
    places = [int(line.split("line ")[1].split(",")[0]) for line in lines]
    assert places == sorted(places)


def test_the_compensation_bounds_are_mandatory(tmp_path):
    assert "'min' is missing" in problems_of(changed(SMALL, "min: 1, ", ""), tmp_path)[0]


def test_an_infeasible_space_is_an_error(tmp_path):
    lines = problems_of(changed(SMALL, "min: 1, max: 2", "min: 5, max: 6"), tmp_path)
    assert any("space" in line for line in lines)


def test_elements_without_a_precursor_are_named(tmp_path):
    shelf = "precursors: [LiCl, ZnCl2, MgCl2]\nobjectives"
    warnings = parse(SMALL.replace("objectives", shelf), tmp_path).warnings
    assert any("no precursor brings In: candidates with In3+ are not counted" in line for line in warnings)
    lines = problems_of(SMALL.replace("objectives", shelf.replace(", MgCl2", "")), tmp_path)
    assert any("no precursor brings Mg" in line for line in lines)


def test_what_deserves_a_warning_does_not_stop(tmp_path):
    assert any("no controls are declared" in line for line in parse(SMALL, tmp_path).warnings)
    many = SMALL.replace(
        "[Zn2+, In3+]", "[Zn2+, In3+, Y3+, Sc3+, Er3+, Yb3+, Ho3+, Al3+, Ga3+, Cr3+, Mn2+, Fe2+, Co2+]"
    ).replace("max: 0.2, step", "max: 0.1, step")
    campaign = parse(many, tmp_path)
    text = f"13 substituents without max_dopants make {campaign.space.size:,} candidates"
    assert any(text in line for line in campaign.warnings)
    sodium = parse(SMALL.replace("mobile_ion: Li+", "mobile_ion: Na+"), tmp_path)
    assert any("the mobile ion Na+ is in no candidate" in line for line in sodium.warnings)
    offset = "  process: [{name: t, unit: K, levels: [-10, 10], relative_to: crystallization_temperature}]\nobjectives"
    lines = parse(SMALL.replace("objectives", offset), tmp_path).warnings
    assert any("add crystallization_temperature to observe" in line for line in lines)


def test_the_mobile_ion_follows_from_the_compensation(tmp_path):
    text = SMALL.replace("mobile_ion: Li+\n", "").replace("Li+", "Na+")
    assert parse(text, tmp_path).mobile_ion == "Na+"


@pytest.mark.parametrize("kinds", ["", "  mixture: {step: 0.1, end_members: [LiCl]}\n"])
def test_a_space_is_of_exactly_one_kind(tmp_path, kinds):
    if kinds:
        text = changed(SMALL, "space:\n", f"space:\n{kinds}")
    else:
        text = SMALL[: SMALL.index("  sites:")] + "  process: []\n" + SMALL[SMALL.index("objectives:") :]
    assert any("give exactly one of sites, mixture and pool" in line for line in problems_of(text, tmp_path))


def test_missing_sections_are_named(tmp_path):
    lines = problems_of("campaign: empty\n", tmp_path)
    assert any("'space' is missing" in line for line in lines)
    assert any("there is no objective" in line for line in lines)


def test_what_lies_outside_the_text_is_only_checked_when_asked(tmp_path):
    text = (
        "campaign: pool\nspace: {pool: nowhere.csv}\nliterature: [gone.csv]\n"
        "objectives: [{property: score, goal: maximize}]\n"
    )
    assert len(problems_of(text, tmp_path)) == 2
    assert parse(text, tmp_path, complete=False).slug == "pool"
