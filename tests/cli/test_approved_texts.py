"""The texts of a language, and which of them a native reader has approved."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from satark.cli.approved_texts import APPROVED, every_part, hash_of, rows, sources_of, unapproved
from satark_words.languages import use_folder
from support.made_up_language import CODE, make_language


@pytest.fixture(autouse=True)
def own(tmp_path: Path) -> Iterator[Path]:
    yield make_language(tmp_path, ["satark.dialogue"])
    use_folder(None)


def test_only_the_text_that_was_approved_counts_as_approved(own: Path) -> None:
    use_folder(own.parent)
    text = next(one for one in rows(CODE) if one.id == "notice").text
    for approved, missing in ((text, 1), (text + " ", 0)):
        (own / APPROVED).write_text(json.dumps({"satark.dialogue": {"notice": hash_of(approved)}}), "utf-8")
        unread, texts = unapproved(CODE)
        assert texts - unread == missing


def test_a_channels_own_wording_is_read_too() -> None:
    assert "satark.dialogue.sms" in sources_of("hi")
    assert {one.part for one in rows("hi")} >= {*sources_of("hi")}


def test_every_text_stands_under_the_heading_of_its_catalogue() -> None:
    of_dialogue = [one for one in rows("hi") if one.part == every_part()[0]]
    assert all(one.where for one in of_dialogue)
    assert next(one.where for one in of_dialogue if one.id == "notice.whatsapp") == "said before the first question"
