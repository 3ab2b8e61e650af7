"""`satark language review`: the sheet goes out to a native reader, and comes back with verdicts."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from satark.cli.language import language_group
from satark.cli.language_review import APPROVED, Row, every_part, hash_of, rows, sources_of, unapproved
from satark_words.catalogues import Catalogue, Catalogues
from satark_words.languages import catalogue_of, use_folder
from support.commands import run as satark
from support.made_up_language import CODE, make_language

DIALOGUE = "satark.dialogue"


@pytest.fixture(autouse=True)
def own_folder(tmp_path: Path) -> Iterator[Path]:
    make_language(tmp_path, [DIALOGUE])
    use_folder(tmp_path)
    yield tmp_path
    use_folder(None)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(language_group, ["review", CODE, *arguments])


def row(key: str) -> Row:
    return next(one for one in rows(CODE) if (one.part, one.id) == (DIALOGUE, key))


def verdict(key: str, to: str = "") -> dict[str, str]:
    text = row(key).text
    return {"part": DIALOGUE, "id": key, "text": text, "to": to or text}


def take(folder: Path, *verdicts: dict[str, str], language: str = CODE) -> Result:
    sheet = folder / "verdicts.json"
    sheet.write_text(json.dumps({"language": language, "verdicts": verdicts}), "utf-8")
    return run("--take", str(sheet), "--folder", str(folder))


def shown(page: str) -> list[list[object]]:
    line = next(line for line in page.splitlines() if line.startswith("const code"))
    return list(json.loads(line.partition("rows = ")[2].partition(";  //")[0]))


@pytest.mark.slow("every text in every language")
def test_the_sheet_shows_every_text_with_its_english_one_and_its_place(tmp_path: Path) -> None:
    made = run("--to", str(tmp_path / "sheet.html"), "--folder", str(tmp_path))
    assert made.exit_code == 0, made.output
    page = (tmp_path / "sheet.html").read_text("utf-8")
    assert {(one[0], one[1]) for one in shown(page)} == {(one.part, one.id) for one in rows(CODE)}
    assert row("notice")[2:] == (
        "said before the first question", row("notice").text, Catalogues.of(DIALOGUE)["en"].get("notice"), False,
    )  # fmt: skip
    assert 'dir="rtl"' in page
    assert "http" not in page.partition("const code")[0], "it needs no network"


@pytest.mark.slow("every text in every language")
def test_three_verdicts_come_back_and_citizens_read_the_changed_text(tmp_path: Path) -> None:
    before, texts = unapproved(CODE)
    assert before == texts
    taken = take(tmp_path, verdict("notice", "ރަނގަޅު"), verdict("language.ask"), verdict("language.done"))
    assert taken.exit_code == 0, taken.output
    assert "3 texts approved, 1 of them reworded" in taken.output
    assert Catalogue.read(CODE, catalogue_of(DIALOGUE, CODE)).get("notice") == "ރަނގަޅު"
    assert unapproved(CODE) == (before - 3, texts)


@pytest.mark.slow("every text in every language")
def test_a_plural_is_judged_form_by_form(tmp_path: Path) -> None:
    form = next(one.id for one in rows(CODE) if one.id.endswith("#1"))
    assert take(tmp_path, verdict(form, row(form).text + "އ")).exit_code == 0
    assert row(form).is_approved
    assert row(form).text.endswith("އ")
    assert not row(form.replace("#1", "#0")).is_approved


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"to": "no braces"}, "must keep its {places}"),
        ({"to": "{website"}, "must keep its {places}"),
        ({"to": "  "}, "would be empty"),
        ({"text": "as it was before"}, "was changed after this sheet was written"),
        ({"id": "unknown"}, "was changed after this sheet was written"),
    ],
)
def test_a_verdict_that_can_not_be_applied_is_named_and_nothing_is_changed(
    tmp_path: Path, changed: dict[str, str], said: str
) -> None:
    taken = take(tmp_path, verdict("language.done"), verdict("notice.whatsapp") | changed)
    assert taken.exit_code == 1
    assert said in taken.output
    assert not row("language.done").is_approved


@pytest.mark.parametrize(
    "text", ["", "[]", '{"language": "qaa", "verdicts": [{"part": 1}]}', '{"language": "hi", "verdicts": []}']
)
def test_a_file_that_no_sheet_saved_is_refused_in_one_line(tmp_path: Path, text: str) -> None:
    (tmp_path / "verdicts.json").write_text(text, "utf-8")
    taken = run("--take", str(tmp_path / "verdicts.json"), "--folder", str(tmp_path))
    assert taken.exit_code == 1
    assert "verdicts.json is " in taken.output


@pytest.mark.slow("every text in every language")
def test_a_shipped_language_is_changed_in_the_installations_own_folder(tmp_path: Path) -> None:
    hindi = next(one for one in rows("hi") if one.id == "language.done")
    sheet = tmp_path / "verdicts.json"
    one = {"part": DIALOGUE, "id": hindi.id, "text": hindi.text, "to": "अब हिन्दी में।"}
    sheet.write_text(json.dumps({"language": "hi", "verdicts": [one]}), "utf-8")
    taken = CliRunner().invoke(language_group, ["review", "hi", "--take", str(sheet), "--folder", str(tmp_path)])
    assert taken.exit_code == 0, taken.output
    changed = next(one for one in rows("hi") if one.id == "language.done")
    assert (changed.text, changed.is_approved) == ("अब हिन्दी में।", True)
    assert next(one for one in rows("hi") if one.id == "notice").text


def test_an_unknown_language_or_an_unwritable_place_is_reported_in_one_line(tmp_path: Path) -> None:
    unknown = CliRunner().invoke(language_group, ["review", "xx", "--folder", str(tmp_path)])
    assert "satark language new xx begins it" in unknown.output
    sheet = str(tmp_path / "missing" / "sheet.html")
    no_place = satark("language", "review", CODE, "--to", sheet, "--folder", str(tmp_path), code=1)
    assert "sheet.html can't be used: No such file or directory" in no_place.output
    assert unknown.exit_code == 1


@pytest.fixture
def own(own_folder: Path) -> Path:
    return own_folder / CODE


def test_only_the_text_that_was_approved_counts_as_approved(own: Path) -> None:
    text = next(one for one in rows(CODE) if one.id == "notice").text
    for approved, missing in ((text, 1), (text + " ", 0)):
        (own / APPROVED).write_text(json.dumps({"satark.dialogue": {"notice": hash_of(approved)}}), "utf-8")
        unread, texts = unapproved(CODE)
        assert texts - unread == missing


def test_a_channels_own_wording_is_read_too() -> None:
    assert "satark.dialogue.sms" in sources_of("hi")
    assert {one.part for one in rows("hi")} >= {*sources_of("hi")}


def test_every_text_is_under_the_heading_of_its_catalogue() -> None:
    of_dialogue = [one for one in rows("hi") if one.part == every_part()[0]]
    assert all(one.where for one in of_dialogue)
    assert next(one.where for one in of_dialogue if one.id == "notice.whatsapp") == "said before the first question"
