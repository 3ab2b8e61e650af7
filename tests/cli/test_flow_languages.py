"""The languages of a questionnaire, and what each lacks."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from satark.cli.flow import flow
from satark.settings.settings import Settings
from satark_words.languages import translations
from support.made_up_language import CODE, NAME, make_language


def test_languages_lists_each_one_and_what_it_lacks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = make_language(tmp_path, ["satark.dialogue"])
    text = (own / "satark.dialogue.po").read_text("utf-8")
    (own / "satark.dialogue.po").write_text(text.replace('msgid "review.send"\n', 'msgid "nothing"\n'), "utf-8")
    monkeypatch.setenv("SATARK_LANGUAGES_FOLDER", str(tmp_path))
    listed = CliRunner().invoke(flow, ["languages"]).output
    assert "ur   اردو (rtl, wants a native reader)" in listed
    assert re.search(rf"^{CODE}  {NAME} \(rtl.*\n +satark.dialogue +\d+ of \d+ texts$", listed, re.MULTILINE)
    lacking = CliRunner().invoke(flow, ["languages", CODE]).output.splitlines()
    assert "satark.dialogue\treview.send" in lacking
    assert "satark_web_form\tstart.lead" in lacking
    assert CliRunner().invoke(flow, ["languages", "hi"]).output == ""
    monkeypatch.undo()
    Settings()
    assert CODE not in translations()
