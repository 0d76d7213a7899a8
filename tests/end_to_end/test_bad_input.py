"""Whatever is wrong with what people hand over is said in one line each, and nothing of it is recorded."""

from __future__ import annotations

from pathlib import Path

import pytest
from campaign_shell import LITERATURE, TEXT, Shell, all_wells

PLATE = "SMALL-SPINEL-001"
HEADS = "sample,ionic_conductivity [mS/cm],temperature_C,kind"

CAMPAIGN_FILES = [
    ("title:", "titel:", "line 2, titel: unknown key 'titel'; did you mean 'title'?"),
    ("host: Mg2+", "host: Mg", "element 'Mg' has no charge; write it with its valence"),
    ("host: Mg2+", "host: Xq2+", "unknown element 'Xq'"),
    ("{species: Li+, min: 1.2, max: 2.0}", "{species: Li+}", "'min' is missing"),
    ("{species: Li+, min: 1.2, max: 2.0}", "{species: Li+, min: 2.5, max: 3.0}", "no candidate is left"),
    ("  charge_compensation: {species: Li+, min: 1.2, max: 2.0}\n", "", "no candidate is left"),
    ("max: 0.4, step: 0.1", "max: 0.45, step: 0.1", "max 0.45 is no multiple of the step 0.1; use 0.4 or 0.5"),
    ("max: 0.4, step: 0.1", "max: 1.4, step: 0.1", "1.4 do not fit on site M of 1"),
    ("max: 0.4, step: 0.1", "max: 0.4", "give max and step together, or a list of levels"),
    ("[Zn2+, Mn2+, In3+, Zr4+]", "[Zn2+, Li+]", "Li+ compensates the charge but is a substituent on site M"),
    ("[Zn2+, Mn2+, In3+, Zr4+]", "[Zn2+, Mg2+]", "Mg2+ is the host of site M already"),
    ("      amount: 1\n", "      amount: 12:30\n", "'12:30' is not a number"),
    ("      amount: 1\n", "      amount: 1\n      amount: 2\n", "the key 'amount' stands here twice"),
    ("atmosphere: inert", "atmosphere: No", "'No' is not one of the choices; use one of air, inert"),
    ("campaign: small-spinel", "campaign: ../../etc", "cannot be a name here"),
    ("property: ionic_conductivity", "property: ionic_conductivty", "did you mean ionic_conductivity"),
    ("unit: S/cm", "unit: cm² s⁻¹", "is an area per time, not a conductivity"),
    ("reference: 1.0e-6", "reference: -1", "has no logarithm"),
    ("levels: [300, 400]", "levels: [300, 300]", "is listed twice"),
    ("Li2MgCl4, process", "Li2MgBr4, process", "the control Li2MgBr4 is no candidate of the space"),
    ("Li2MgCl4, process", "Li2Mg2Cl4, process", "Li2Mg2Cl4 is not neutral: +2.00 e"),
    ("milling_time: 5}}", "milling_time: 7}}", "7 is no level of milling_time; use one of 1, 5"),
    ("{formula: ZrCl4}", "{formula: ZrCl4, purity: 99.9}", "write 0.999"),
    ("rows: 2", "rows: 2.5", "2.5 is not a whole number"),
    ("[table.csv]", "[tabel.csv]", "there is no file tabel.csv; did you mean 'table.csv'?"),
    ("min: 0.8", "min: 80", "write 0.8 for 80 %"),
]  # fmt: skip

TABLES = [
    ("sample,ionic_conductivity [cm² s⁻¹]\n{p}-A01,1e-4\n", ["is an area per time, not a conductivity (S/cm)"]),
    ("sample,oxidation_limit [S/cm]\n{p}-A01,4.2\n", ["S/cm is a conductivity, not a voltage"]),
    ("sample,ionic_conductivity [quux]\n{p}-A01,4.2\n", ["unknown unit 'quux'"]),
    ("sample,ionic_conductivity\n{p}-A01,4.2\n", ["has no unit"]),
    (HEADS + "\n{p}-A09,0.1,25,total\n{p}-Z99,0.1,25,total\nPLATE-7,0.1,25,total\n",
     ["row 2, column 'sample': plate {p} has no sample in well A09", "row 3", "row 4"]),
    ("plate,well,ionic_conductivity [mS/cm]\n7,A1,0.1\n1,17,0.1\n1,,0.1\n",
     ["row 2, column 'plate': the campaign small-spinel has no plate SMALL-SPINEL-007", "'17' is not a well", "row 4"]),
    (HEADS + "\n{p}-A01,5000,25,total\n{p}-A02,-1,25,total\n{p}-A03,0,25,total\n",
     ["5 S/cm is outside the plausible range", "is positive", "row 4"]),
    (HEADS + "\n{p}-A01,lots,25,total\n{p}-A02,\"1,234\",25,total\n{p}-A03,0.1 mS/cm,25,total\n{p}-A04,inf,25,total\n",
     ["'lots' is not a number", "'1,234' is unclear: 1234 or 1.234?", "a unit belongs into the heading", "'inf'"]),
    (HEADS + "\n{p}-A01,0.1,-300,total\n{p}-A02,0.1,25,grainy\n",
     ["-300 cannot be a temperature", "no kind of conductivity"]),
    (HEADS + ",status\n{p}-A01,0.1,25,total,broken\n{p}-A02,0.1,25,total,not_measured\n",
     ["'broken' is no status; write ok, not_formed", "has a value and the status not_measured"]),
    (HEADS + ",supersedes\n{p}-A01,0.1,25,total,yes\n{p}-A02,0.1,25,total,\n", ["there is no earlier value"]),
    ("formula," + HEADS.partition(",")[2] + "\nLi2La3Zr2O12,0.1,25,total\nQq2,0.1,25,total\n",
     ["the charges of Li2La3Zr2O12 do not balance (-5.00 e per formula unit)", "unknown element 'Qq'"]),
    ("sample,formula," + HEADS.partition(",")[2] + "\n{p}-A01,Li3InCl6,0.1,25,total\n", ["is Li2MgCl4, not Li3InCl6"]),
    ("sample,property,value,unit\n{p}-A01,sigmma,1e-4,S/cm\n{p}-A02,oxidation_limit,4,S/cm\n",
     ["row 2, column 'property': unknown property 'sigmma'", "row 3, column 'value': S/cm is a conductivity"]),
    ("sample,property,value,unit,measured_at\n{p}-A01,sigma,1e-4,S/cm,01/02/2026\n", ["can be read in two ways"]),
    ("sample,phases\n{p}-A01,spinel 60; LiCl 60\n", ["add up to 120 wt%"]),
    ("sample,ionic_conductivity [mS/cm],sigma [S/cm]\n{p}-A01,0.1,1e-4\n", ["hold the same"]),
    (HEADS + "\n{p}-A01,0.1,25,total,9\n", ["column 5 holds '9' but has no heading"]),
    (HEADS + "\n", ["headings but no rows"]),
    ("sample,sigma_25C [S/cm]\n{p}-A01,1e-4\n", ["no column with values; no meaning is known of 'sigma_25C [S/cm]'"]),
    ("a,b\n1,2\n", ["no row of headings was found"]),
]  # fmt: skip

FILES = [
    (b"", "the file is empty"),
    (b" \n\n", "the file is empty"),
    (b"%PDF-1.7 and so on", "this is a PDF document, not a table"),
    (b"PK\x03\x04 broken", "the file is damaged"),
    (b"\x89PNG\r\n\x1a\n", "this is a PNG image"),
    (b'{"a": 1}', "this is a JSON document"),
    (b"<html><body>hi</body></html>", "this is a web page"),
    (b"sample\x00\x01\x02\xff", "this is a binary file"),
]

LITERATURE_ROWS = [
    ("Li2MgCl4,ionic_conductivity,1e-6,cm2/s,exact,25,,x,point,R", "is an area per time"),
    ("Li2MgCl4,colour,1e-6,S/cm,exact,25,,x,point,R", "unknown property 'colour'"),
    ("Qq2,ionic_conductivity,1e-6,S/cm,exact,25,,x,point,R", "unknown element 'Qq'"),
    ("Li2MgCl4,ionic_conductivity,1e-6,S/cm,odd,25,,x,point,R", "'odd' is no bound"),
]


def recorded(shell: Shell) -> list[int]:
    records = shell.records()
    slug = "small-spinel"
    counts = [records.measurements(slug), records.statuses(slug), records.uploads(slug), records.events(slug)]
    return [len(rows) for rows in counts]


@pytest.mark.parametrize(("old", "new", "said"), CAMPAIGN_FILES)
def test_campaign_files(fresh: Shell, put, old: str, new: str, said: str) -> None:
    assert old in TEXT
    file = put("small.yaml", TEXT.replace(old, new, 1))
    for command in ("space", "init"):
        lines = fresh.fails(command, file)
        assert any(said in line for line in lines), lines
        assert all(line.startswith("error: small.yaml") for line in lines)
    assert not fresh.home.exists()


def test_campaign_files_that_are_none(fresh: Shell, put, tmp_path: Path) -> None:
    for content, said in {
        b"": "the file is empty",
        b"%PDF-1.7\xff\xfe": "this is a PDF",
        b"- 1\n- 2\n": "a mapping of keys to values",
        b"a:\n\t- b\n": "indent with spaces, not tabs",
        b'campaign: !!python/object/apply:os.system ["true"]\n': "has no meaning here",
    }.items():
        assert said in fresh.fails("init", put("bad.yaml", content))[0]
    assert "no such file" in fresh.fails("init", tmp_path / "none.yaml")[0]
    assert "folder" in fresh.fails("init", tmp_path)[0]
    assert not fresh.home.exists()


@pytest.mark.parametrize(("row", "said"), LITERATURE_ROWS)
def test_literature(fresh: Shell, put, row: str, said: str) -> None:
    put("table.csv", LITERATURE + row + "\n")
    (line,) = fresh.fails("init", put("small.yaml", TEXT))
    assert line.startswith("error: table.csv, row 7")
    assert said in line
    assert not fresh.home.exists()


def test_literature_that_is_doubtful_is_kept_and_not_learned_from(fresh: Shell, put) -> None:
    doubtful = [
        "Li2La3Zr2O12,ionic_conductivity,1e-4,S/cm,exact,25,,x,point,R",
        "Li2MgCl4,ionic_conductivity,50,S/cm,exact,25,,x,point,R",
        "Li2MgCl4,ionic_conductivity,1e-5,S/cm,exact,25,,x,range_low,R",
    ]
    put("table.csv", LITERATURE + "\n".join(doubtful) + "\n")
    code, _, err = fresh("init", put("small.yaml", TEXT))
    assert code == 0
    assert "Li2La3Zr2O12 do not balance (-5.00 e per formula unit): recorded as suspect" in err
    assert "outside the plausible range" in err
    rows = fresh.records().measurements("small-spinel")
    assert [row.doubt for row in rows[-3:]] == ["suspect"] * 3
    assert fresh.json("status", "small-spinel")["values"]["ionic_conductivity"] == 3


@pytest.mark.parametrize(("text", "said"), TABLES)
def test_results_tables(approved: Shell, put, text: str, said: list[str]) -> None:
    before = recorded(approved)
    table = put("bad.csv", text.replace("{p}", PLATE))
    lines = approved.fails("upload", "small-spinel", table)
    assert len(lines) == len(said), lines
    for line, expected in zip(lines, said, strict=True):
        assert line.startswith("error: bad.csv")
        assert expected.replace("{p}", PLATE) in line
    assert recorded(approved) == before


def test_files_that_are_no_tables(approved: Shell, put, tmp_path: Path) -> None:
    before = recorded(approved)
    for number, (content, said) in enumerate(FILES):
        for ending in ("csv", "xlsx"):
            assert said in approved.fails("upload", "small-spinel", put(f"{number}.{ending}", content))[0]
    with (tmp_path / "huge.csv").open("wb") as stream:
        stream.truncate(200_000_000)
    assert "50 MB are the most" in approved.fails("upload", "small-spinel", tmp_path / "huge.csv")[0]
    (tmp_path / "empty").mkdir()
    assert "the folder holds no file" in approved.fails("upload", "small-spinel", tmp_path / "empty")[0]
    assert "cannot be read" in approved.fails("upload", "small-spinel", tmp_path / "none.csv")[0]
    assert "no such campaign" in approved.fails("upload", "other", put("a.csv", all_wells(PLATE)))[0]
    assert "not a plain file" in approved.fails("upload", "small-spinel", "/dev/zero")[0]
    good = put("good.csv", all_wells(PLATE))
    assert len(approved.fails("upload", "small-spinel", good, put("empty.csv", b""), tmp_path / "empty")) == 2
    assert recorded(approved) == before


def test_an_unusual_unit_is_converted_with_a_warning(approved: Shell, put) -> None:
    table = put("r.csv", f"{HEADS.replace('mS/cm', 'mS/m')}\n{PLATE}-A01,31,25,total\n")
    code, _, err = approved("upload", "small-spinel", table)
    assert code == 0
    assert "warning: r.csv, column 'ionic_conductivity [mS/m]': mS/m is unusual" in err
    best = approved.json("status", "small-spinel")["best"]["ionic_conductivity"]
    assert best["value"] == pytest.approx(3.1e-4)


def test_a_formula_slightly_off_neutrality_is_warned_about(approved: Shell, put) -> None:
    table = put("r.csv", f"formula,{HEADS.partition(',')[2]}\nLi2.05MgCl4,0.1,25,total\n")
    code, _, err = approved("upload", "small-spinel", table)
    assert code == 0
    assert "Li2.05MgCl4 do not balance (+0.05 e" in err


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["approve", "SMALL-SPINEL-009"], "there is no such plate"),
        (["approve", "../../etc/passwd"], "there is no such plate"),
        (["status", "other"], "there is no such campaign"),
        (["retract", "nonsense", "sigma", "--why", "x"], "is not a sample"),
        (["retract", f"{PLATE}-B93", "sigma", "--why", "x"], "it has no value"),
        (["retract", f"{PLATE}-A01", "foo", "--why", "x"], "unknown property 'foo'; the properties are"),
        (["exclude", "small-spinel", "Qq", "--why", "x"], "neither an element nor the key"),
        (["exclude", "small-spinel", "Zr"], "--why"),
        (["plan", "small-spinel", "--wells", "0"], "--wells"),
        (["plan", "small-spinel", "--wells", "9"], "1 to 8 wells"),
        (["plan", "small-spinel", "--set", "anneal_temperature=350"], "choose one of 300, 400"),
        (["plan", "small-spinel", "--set", "milling_time=5"], "is not shared by the wells"),
        (["run", "small-spinel", "--lab", "magic"], "magic"),
        (["restore", "small.yaml"], "no backup of alloop"),
    ],
)  # fmt: skip
def test_arguments(
    approved: Shell, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    before = recorded(approved)
    (line,) = approved.fails(*arguments)
    assert said in line
    assert recorded(approved) == before


def test_homes_that_cannot_be(fresh: Shell, put, tmp_path: Path) -> None:
    assert "there are no records here; register a campaign with alloop init" in fresh.fails("status")[0]
    assert not fresh.home.exists()
    fresh.home.write_text("a file in the way")
    assert "cannot be made" in fresh.fails("init", tmp_path / "small.yaml", code=1)[0]
    fresh.home.unlink()


@pytest.mark.sqlite("a file that is no database")
def test_a_file_that_is_no_database(fresh: Shell, put) -> None:
    put("home/alloop.db", b"garbage" * 100)
    assert "not a database" in fresh.fails("status", code=1)[0]
