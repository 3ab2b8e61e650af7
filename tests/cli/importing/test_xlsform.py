"""`satark flow import` of XLSForm: rows become steps, `relevant` their conditions, and what is lost is named."""

from __future__ import annotations

from pathlib import Path
from typing import Any
from xml.sax.saxutils import escape
from zipfile import ZipFile

import pytest
from click.testing import CliRunner

from satark.cli.flow import flow
from satark.cli.importing.draft import Draft, ImportingError
from satark.cli.importing.xlsform import read_xlsform

CHOICES = [
    ["list_name", "name", "label::English (en)", "label::हिन्दी (hi)"],
    ["yn", "1", "Yes", "हाँ"],
    ["yn", "0", "No", "नहीं"],
    ["goods", "arms", "Arms", "हथियार"],
    ["goods", "liquor/illicit", "Liquor that is made and sold without a licence", "शराब"],
]


def workbook(path: Path, **sheets: list[list[str]]) -> Path:
    """Write a workbook as spreadsheets do: shared strings, numbers as numbers, relations by id."""
    shared = list(dict.fromkeys(text for rows in sheets.values() for row in rows for text in row))

    def value(column: int, row: int, text: str) -> str:
        where = f"{chr(65 + column)}{row}"
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
def test_what_is_relevant_is_a_condition(tmp_path: Path, relevant: str, when: str) -> None:
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


def test_what_tells_who_answers_or_looks_different_is_named(tmp_path: Path) -> None:
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
        "deviceid asks a citizen nothing",
        "calculate",
        "geotrace is asked as the type place",
        "no answer is filled",
        "without effect: appearance",
    ):
        assert part in lines


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


def test_whom_its_answers_accuse_is_declared_only_on_request(tmp_path: Path) -> None:
    path = workbook(tmp_path / "form.xlsx", survey=[["type", "name", "label"], ["text", "said", "What?"]])
    done = CliRunner().invoke(flow, ["import", str(path), "--folder", str(tmp_path / "made")])
    assert "1 step, 0 things left out" in done.output
    checked = CliRunner().invoke(flow, ["check", str(tmp_path / "made/form.yaml")])
    assert "accuses" in checked.output
    assert checked.exit_code == 1


def test_what_is_no_form_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ImportingError, match="no workbook"):
        read_xlsform(workbook(tmp_path / "form.xlsx", other=[["type"]]), "en")
    (tmp_path / "form.xlsx").write_bytes(b"not a zip")
    with pytest.raises(ImportingError, match="no workbook"):
        read_xlsform(tmp_path / "form.xlsx", "en")
