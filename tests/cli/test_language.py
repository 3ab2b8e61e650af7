"""`satark language`: a folder of catalogues for everything that Satark says, and the list of missing texts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from satark.cli.language import language_group
from satark.cli.language_review import every_part
from satark_words.catalogues import Catalogues
from satark_words.languages import language, use_folder
from support.made_up_language import CODE, NAME, make_language

PARTS = {
    "satark.custody", "satark.dialogue", "satark.printing.poster",
    "satark_desk.web", "satark_email", "satark_sms_ivr", "satark_web_form",
}  # fmt: skip


@pytest.fixture(autouse=True)
def own_folder() -> Iterator[None]:
    yield
    use_folder(None)


def run(*arguments: str) -> Result:
    return CliRunner().invoke(language_group, list(arguments))


def test_every_package_with_texts_is_a_part() -> None:
    assert set(every_part()) >= PARTS
    assert every_part()[0] == "satark.dialogue"


@pytest.mark.slow("a third of a second of a processor")
def test_a_new_language_is_a_folder_in_which_every_text_is_empty(tmp_path: Path) -> None:
    made = run("new", "xh", "--folder", str(tmp_path), "--rtl")
    assert made.exit_code == 0, made.output
    assert {file.stem for file in (tmp_path / "xh").glob("*.po")} >= PARTS
    use_folder(tmp_path)
    assert language("xh").direction == "rtl"
    assert list(Catalogues.of("satark.dialogue")["xh"]) == []
    assert "#. Choose a language" in (tmp_path / "xh" / "satark_web_form.po").read_text("utf-8")
    checked = run("check", "xh", "--folder", str(tmp_path))
    assert checked.exit_code == 1
    assert "satark_web_form             0 of" in checked.stdout
    assert "the text 'notice' is missing" in checked.stderr


@pytest.mark.parametrize("code", ["Marathi", "m", "../mr", "MR"])
def test_a_malformed_language_code_is_refused(tmp_path: Path, code: str) -> None:
    made = run("new", code, "--folder", str(tmp_path))
    assert (made.exit_code, "no code of a language" in made.output) == (1, True)
    assert list(tmp_path.iterdir()) == []


def test_existing_files_are_not_overwritten(tmp_path: Path) -> None:
    (tmp_path / "mr").mkdir()
    assert "exists already" in run("new", "mr", "--folder", str(tmp_path)).output


@pytest.mark.slow("a third of a second of a processor")
def test_a_complete_language_has_no_problem(tmp_path: Path) -> None:
    make_language(tmp_path, every_part())
    checked = run("check", CODE, "--folder", str(tmp_path))
    assert checked.exit_code == 0, checked.output
    assert checked.stdout.count("(100 %)") == len(every_part())
    assert "texts not yet approved by a native reader" in checked.stdout.splitlines()[0]


@pytest.mark.slow("every text in every language")
def test_a_text_with_other_placeholders_is_named(tmp_path: Path) -> None:
    own = make_language(tmp_path, every_part())
    file = own / "satark_email.po"
    file.write_text(file.read_text("utf-8").replace('msgid "pin"\nmsgstr "', 'msgid "pin"\nmsgstr "{where} '), "utf-8")
    checked = run("check", CODE, "--folder", str(tmp_path))
    assert checked.exit_code == 1
    assert "satark_email: the text 'pin' must have no {places}" in checked.stderr


@pytest.mark.slow("every text in every language")
@pytest.mark.parametrize("flags", [(), ("--all",)])
def test_every_language_is_listed_with_its_missing_texts(tmp_path: Path, flags: tuple[str, ...]) -> None:
    own = make_language(tmp_path, ["satark.dialogue"])
    text = (own / "satark.dialogue.po").read_text("utf-8")
    (own / "satark.dialogue.po").write_text(text.replace('msgid "review.send"\n', 'msgid "nothing"\n'), "utf-8")
    listed = run("check", "--folder", str(tmp_path), *flags).stdout
    assert re.search(r"^ur   اردو \(rtl; \d+ of \d+ texts not yet approved by a native reader\)$", listed, re.MULTILINE)
    assert re.search(
        rf"^{CODE}  {NAME} \(rtl.*\n +satark.dialogue .*1 text missing: review.send$", listed, re.MULTILINE
    )
    lacking = run("check", CODE, "--folder", str(tmp_path), *flags)
    assert lacking.exit_code == 1
    assert (", …" in lacking.stdout) != bool(flags), "without --all only the first missing texts are named"
