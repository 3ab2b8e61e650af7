"""`satark flow import` of XLSForm: rows become steps, `relevant` their conditions, and lost parts are named."""

from __future__ import annotations

import re
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from xml.sax.saxutils import escape
from zipfile import ZipFile

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from satark.cli.flow import flow
from satark.cli.importing.draft import Draft, ImportingError
from satark.cli.importing.xlsform import read_xlsform
from satark_testing.dialogue.chat import Chat

CHOICES = [
    ["list_name", "name", "label::English (en)", "label::हिन्दी (hi)"],
    ["yn", "1", "Yes", "हाँ"],
    ["yn", "0", "No", "नहीं"],
    ["goods", "arms", "Arms", "हथियार"],
    ["goods", "liquor/illicit", "Liquor that is made and sold without a licence", "शराब"],
]


def workbook(path: Path, **sheets: list[list[str]]) -> Path:
    """Write a workbook as spreadsheets do: shared strings, numbers (after @) as numbers, relations by id."""
    shared = list(dict.fromkeys(text for rows in sheets.values() for row in rows for text in row))

    def value(column: int, row: int, text: str) -> str:
        where = f"{chr(65 + column)}{row}"
        if text.startswith("@"):
            return f'<c r="{where}"><v>{text[1:]}</v></c>'
        return f'<c r="{where}" t="s"><v>{shared.index(text)}</v></c>' if text else f'<c r="{where}"/>'

    with ZipFile(path, "w") as book:
        names = "".join(f'<sheet name="{name}" r:id="r{at}"/>' for at, name in enumerate(sheets))
        book.writestr("xl/workbook.xml", f'<workbook xmlns="m" xmlns:r="o"><sheets>{names}</sheets></workbook>')
        related = "".join(f'<Relationship Id="r{at}" Target="worksheets/{at}.xml"/>' for at in range(len(sheets)))
        book.writestr("xl/_rels/workbook.xml.rels", f'<Relationships xmlns="p">{related}</Relationships>')
        texts = "".join(f"<si><t>{escape(text)}</t></si>" for text in shared)
        book.writestr("xl/sharedStrings.xml", f'<sst xmlns="m">{texts}</sst>')
        for at, rows in enumerate(sheets.values()):
            lines = "".join(
                f'<row r="{n}">{"".join(value(c, n, text) for c, text in enumerate(row))}</row>'
                for n, row in enumerate(rows, 1)
            )
            book.writestr(f"xl/worksheets/{at}.xml", f'<worksheet xmlns="m"><sheetData>{lines}</sheetData></worksheet>')
    return path


def form(folder: Path, *rows: tuple[str, ...], choices: list[list[str]] = CHOICES) -> Draft:
    """Return the questionnaire of a survey; a row has type, name, label, relevant, required, constraint."""
    heading = ["type", "name", "label::English (en)", "relevant", "required", "constraint", "appearance"]
    survey = [heading, *([*row, *[""] * (len(heading) - len(row))] for row in rows)]
    return read_xlsform(workbook(folder / "form.xlsx", survey=survey, choices=choices), "en")


@pytest.mark.parametrize(
    ("kind", "step"),
    [
        ("text", {"type": "text"}),
        ("integer", {"type": "number"}),
        ("date", {"type": "date"}),
        ("geopoint", {"type": "place", "means": "place"}),
        ("image", {"type": "media"}),
        ("select_one yn", {"type": "choice", "options": ["1", "0"]}),
        ("select_multiple goods", {"type": "choices", "options": ["arms", "liquor_illicit"]}),
        ("acknowledge", {"type": "choice", "options": ["OK"]}),
        ("Select one from yn", {"type": "choice", "options": ["1", "0"]}),
        ("select1 yn", {"type": "choice", "options": ["1", "0"]}),
        ("select all that apply from goods", {"type": "choices", "options": ["arms", "liquor_illicit"]}),
        ("gps", {"type": "place", "means": "place"}),
        ("tel", {"type": "text"}),
    ],
)
def test_a_question_becomes_a_step_of_its_type(tmp_path: Path, kind: str, step: dict[str, Any]) -> None:
    draft = form(tmp_path, (kind, "asked", "A question"))
    assert draft.steps == [{"id": "asked", **step, "skip": True}]
    assert draft.left_out == []


@pytest.mark.parametrize(
    ("relevant", "when"),
    [
        ("${seen} = '1'", "seen == '1'"),
        ("${seen}=1 and ${age} >= 18", "seen == '1' and age >= 18"),
        ("not(selected(${goods}, 'liquor/illicit')) or ${seen} != ''", "not('liquor_illicit' in goods) or seen != ''"),
        ("selected(${seen}, ‘0’)", "seen == '0'"),
        ('${age} = 3 OR ${said} = "a = b"', "age == 3 or said == 'a = b'"),
    ],
)
def test_a_relevant_becomes_a_condition(tmp_path: Path, relevant: str, when: str) -> None:
    draft = form(
        tmp_path,
        ("select_one yn", "seen", "Seen?"),
        ("select_multiple goods", "goods", "Which?"),
        ("integer", "age", "How old?"),
        ("text", "said", "What was said?"),
        ("note", "last", "A note", relevant),
    )
    assert draft.steps[-1] == {"id": "last", "type": "say", "when": f"({when})"}
    assert draft.left_out == []


@pytest.mark.parametrize(
    ("relevant", "why"),
    [
        ("${later} = 'x'", "'later' is not asked before it"),
        ("${seen} = '7'", "has no option '7'"),
        ("string-length(${seen}) > 3", "can't be carried over"),
        ("${seen} > 1", "is not compared like that"),
        ("${seen} = ", "can't be carried over"),
        ("${seen} = ${seen}", "can't be carried over"),
    ],
)
def test_a_condition_that_can_not_be_carried_over_is_named(tmp_path: Path, relevant: str, why: str) -> None:
    draft = form(tmp_path, ("select_one yn", "seen", "Seen?"), ("note", "last", "A note", relevant))
    assert "when" not in draft.steps[-1]
    (line,) = draft.left_out
    assert line.startswith("row 3 (last): it is always asked")
    assert why in line


def test_groups_pass_their_condition_on_and_repeats_are_named(tmp_path: Path) -> None:
    draft = form(
        tmp_path,
        ("select_one yn", "seen", "Seen?", "", "yes"),
        ("begin group", "all", "", "${seen} = 1"),
        ("begin_repeat", "men", "", ""),
        ("text", "name", "Who?", "${seen} != 0"),
        ("end_repeat",),
        ("end group",),
        ("text", "after", "And then?"),
    )
    assert [step.get("when", "") for step in draft.steps] == ["", "(seen == '1') and (seen != '0')", ""]
    assert "skip" not in draft.steps[0]
    assert draft.left_out == ["row 4 (men): its questions are asked once, not repeatedly"]


def test_the_smallest_and_largest_number_are_kept_and_other_constraints_named(tmp_path: Path) -> None:
    draft = form(
        tmp_path,
        ("integer", "age", "How old?", "", "", ". >= 1 and . <= 120"),
        ("integer", "odd", "Odd?", "", "", ". mod 2 = 1"),
        ("text", "plate", "Plate?", "", "", "regex(., 'x')"),
    )
    assert (draft.steps[0]["min"], draft.steps[0]["max"]) == (1, 120)
    assert len(draft.left_out) == 2


def test_columns_about_the_sender_or_the_appearance_are_named(tmp_path: Path) -> None:
    draft = form(
        tmp_path,
        ("deviceid", "phone"),
        ("calculate", "sum"),
        ("geotrace", "road", "Where along?"),
        ("text", "said", "What did ${phone} say?", "", "", "", "multiline"),
    )
    assert [step["id"] for step in draft.steps] == ["road", "said"]
    lines = "\n".join(draft.left_out)
    for part in (
        "deviceid is not asked",
        "calculate",
        "geotrace is asked as the type place",
        "no answer is filled",
        "without effect: appearance",
    ):
        assert part in lines


def test_a_group_shows_its_heading_under_its_condition(tmp_path: Path) -> None:
    draft = form(
        tmp_path,
        ("select_one yn", "seen", "Seen?"),
        ("begin group", "men", "About the <b>men</b>", "${seen} = 1"),
        ("begin group", "fields", "NO_LABEL"),
        ("text", "leader", "Who leads them?"),
        ("end", "finished"),
        ("text", "others", "Who else?"),
        ("end group",),
        ("end group",),
    )
    assert [(step["id"], step.get("when", "")) for step in draft.steps[1:]] == [
        (id_, "(seen == '1')") for id_ in ("men", "leader", "others")
    ]
    assert draft.left_out == ["row 6 (finished): end is not asked: it is no question, or of no known type"]
    texts = (draft.write(tmp_path / "made", accuses_nobody=True).parent / "texts/en.po").read_text("utf-8")
    assert "About the men" in texts
    assert "NO_LABEL" not in texts


def test_headings_of_columns_are_read_like_in_odk(tmp_path: Path) -> None:
    rows = [
        ["Type", "Name", "Caption", "bind::relevant", "bind:required", "Constraint Message"],
        ["select_one yn", "seen", "Seen?", "", "yes", ""],
        ["text", "thing", "What?", "${seen} = 1", "no", "Say more."],
    ]
    path = workbook(tmp_path / "form.xlsx", survey=rows, choices=[["list name", "caption"], CHOICES[1][:2]])
    draft = read_xlsform(path, "en")
    assert draft.steps == [
        {"id": "seen", "type": "text"},
        {"id": "thing", "type": "text", "skip": True, "when": "(seen == '1')"},
    ]
    assert draft.left_out[-1] == "row 3 (thing): without effect: constraint_message"


def test_a_hint_in_a_language_without_a_label_is_said(tmp_path: Path) -> None:
    rows = [["type", "name", "label::English", "hint::French"], ["text", "thing", "What?", "Tout ce que vous savez"]]
    draft = read_xlsform(workbook(tmp_path / "form.xlsx", survey=rows), "en")
    texts = (draft.write(tmp_path / "made", accuses_nobody=True).parent / "texts/fr.po").read_text("utf-8")
    assert 'msgstr "What?\\nTout ce que vous savez"' in texts


def test_texts_of_two_columns_that_are_one_language_are_named(tmp_path: Path) -> None:
    heading = ["type", "name", "label::Tetun", "label::English", "hint::Tetun", "label"]
    rows = [heading, ["text", "thing", "Saida?", "What?", "Hotu", "What?"]]
    draft = read_xlsform(workbook(tmp_path / "form.xlsx", survey=rows), "en")
    texts = (draft.write(tmp_path / "made", accuses_nobody=True).parent / "texts/en.po").read_text()
    assert 'msgstr "What?\\nHotu"' in texts
    assert draft.left_out == ["row 2 (thing): label in Tetun is not kept: there is another in en"]


def test_markup_is_no_text(tmp_path: Path) -> None:
    draft = form(tmp_path, ("note", "rules", '<p style="x">Bring:</p><ul><li>a <B>form</B></li><li>x < 3</li></ul>'))
    texts = (draft.write(tmp_path / "made", accuses_nobody=True).parent / "texts/en.po").read_text()
    assert 'msgstr "Bring:\\na form\\nx < 3"' in texts


def test_a_number_reads_as_typed(tmp_path: Path) -> None:
    path = workbook(tmp_path / "form.xlsx", survey=[["type", "name", "label"], ["select_one ph", "ph", "pH?"]],
                    choices=[["list_name", "name", "label"], ["ph", "@12.0", "@0.14999999999999999"]])  # fmt: skip
    draft = read_xlsform(path, "en")
    texts = (draft.write(tmp_path / "made", accuses_nobody=True).parent / "texts/en.po").read_text()
    assert 'msgid "ph.12"\nmsgstr "0.15"' in texts


KINDS = ("text", "note", "image", "integer", "select_one yn", "select_multiple goods or_other", "rank goods",
         "osm", "begin group", "begin repeat", "end group", "end", "", "select one yn", "acknowledge",
         "calculate")  # fmt: skip
COLUMNS = {
    "type": st.sampled_from(KINDS), "label": st.booleans(), "label::French": st.booleans(), "hint": st.booleans(),
    "required": st.sampled_from(("", "yes", "no", "${q2} = 1")),
    "relevant": st.sampled_from(("", "${q2} != ''", "1 +")),
    "constraint": st.sampled_from(("", ". >= 1 and . <= 9", ". mod 2 = 1")), "appearance": st.sampled_from(("", "w1")),
    "media::image": st.sampled_from(("", "a.png")),
}  # fmt: skip
OPTION = "A label of an option that needs more room than any description has, w99"


def is_carried(column: str, cell: str, step: dict[str, Any], texts: str) -> bool:
    """Tell whether a cell is in the step of its row."""
    return {
        "type": bool(step) or cell.startswith(("begin", "end ")),
        "required": cell == "no" or (cell == "yes" and step != {} and "skip" not in step),
        "relevant": "when" in step or not step,
        "constraint": "min" in step,
    }.get(column, cell in texts)


@pytest.mark.slow("flows of every kind")
@given(st.lists(st.fixed_dictionaries(COLUMNS), min_size=1, max_size=8), st.sampled_from("ab"))
def test_each_part_of_a_form_is_a_step_or_named(rows: list[dict[str, Any]], second: str) -> None:
    survey = [["name", *COLUMNS]]
    for n, row in enumerate(rows, 2):
        filled = (f"w{n}{column[-3:]}" if row[column] is True else row[column] or "" for column in COLUMNS)
        survey.append([f"q{n}", *filled])
    choices = [["list_name", "name", "label", "image"], ["yn", "1", "Yes w98", ""], ["yn", "0", OPTION, "b.png"]]
    choices += [["goods", "a", "Guns w97", ""], ["goods", second, "Liquor w96", ""]]
    with TemporaryDirectory() as folder:
        path = workbook(Path(folder) / "form.xlsx", survey=survey, choices=choices, settings=[["version"], ["7"]])
        draft = read_xlsform(path, "en")
        draft.add("last", "text", {"en": "Last?"}, "", {})
        made = draft.write(Path(folder) / "made", accuses_nobody=True)
        texts = "\n".join(one.read_text() for one in made.parent.glob("texts/*.po"))
    assert {"sheet choices: without effect: image", "sheet settings: without effect: version"} <= {*draft.left_out}
    for n, (name, *cells) in enumerate(survey[1:], 2):
        step = next((one for one in draft.steps if one["id"] == name), {})
        named = "\n".join(line for line in draft.left_out if line.startswith(f"row {n} ") or f" {name}: " in line)
        if re.search("is not asked: it|has no t", named):
            continue
        for column, cell in zip((one.partition(":")[0] for one in COLUMNS), cells, strict=True):
            is_named = column in named or (column == "relevant" and "always asked" in named)
            assert not cell or is_named or is_carried(column, cell, step, texts), (column, cell)
        for list_, option in (("yn", "w98"), ("yn", "w99"), ("goods", "w97"), ("goods", "w96")):
            is_cut = re.search("cut off" if list_ == "yn" else "the name of another", named)
            assert list_ not in cells[0] or option in texts or is_cut, option


@pytest.mark.slow("a third of a second of a processor")
def test_an_imported_form_is_a_questionnaire_without_problems(tmp_path: Path) -> None:
    heading = ["type", "name", "label::English (en)", "label::हिन्दी (hi)", "relevant"]
    rows = [
        ["select_one yn", "help", "Did you see it?", "देखा?", ""],
        ["select_multiple goods", "class", "What is sold?", "क्या बिकता है?", "${help} = 1"],
        ["geopoint", "where", "Where {exactly}?", "कहाँ?", ""],
    ]
    path = workbook(tmp_path / "form.xlsx", survey=[heading, *rows], choices=CHOICES)
    made = tmp_path / "made"
    done = CliRunner().invoke(flow, ["import", str(path), "--folder", str(made), "--accuses-nobody"])
    assert done.exit_code == 0, done.output
    checked = CliRunner().invoke(flow, ["check", str(made / "form.yaml")])
    assert checked.exit_code == 0, checked.output


def test_the_accused_are_declared_only_on_request(tmp_path: Path) -> None:
    path = workbook(tmp_path / "form.xlsx", survey=[["type", "name", "label"], ["text", "said", "What?"]])
    done = CliRunner().invoke(flow, ["import", str(path), "--folder", str(tmp_path / "made")])
    assert "1 step, 0 things left out" in done.output
    checked = CliRunner().invoke(flow, ["check", str(tmp_path / "made/form.yaml")])
    assert "accuses" in checked.output
    assert checked.exit_code == 1


def test_a_file_that_is_no_form_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportingError, match="no workbook"):
        read_xlsform(workbook(tmp_path / "form.xlsx", other=[["type"]]), "en")
    (tmp_path / "form.xlsx").write_bytes(b"not a zip")
    with pytest.raises(ImportingError, match="no workbook"):
        read_xlsform(tmp_path / "form.xlsx", "en")


def test_a_citizen_answers_an_imported_form_to_its_end(tmp_path: Path) -> None:
    draft = form(
        tmp_path,
        ("select_one yn", "seen", "Seen?", "", "yes"),
        ("begin group", "men", "About the men", "${seen} = 1"),
        ("text", "leader", "Who leads them?", "", "yes"),
        ("end group",),
        ("select one yn or_other", "more", "Are there more?", "", "yes"),
    )
    chat = Chat.about(draft.write(tmp_path / "made", accuses_nobody=True))
    chat.say("hello").tap("en", "1")
    assert chat.text == "About the men\n\nWho leads them?"
    chat.say("Ramesh, who sells at the well").tap("other", "send")
    assert chat.submission is not None
