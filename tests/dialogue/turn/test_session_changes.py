"""A turn changes answers and files by their message."""

from __future__ import annotations

import pytest

from satark.api.inbound import Media, MediaRef
from satark.dialogue.engine import Engine
from satark.dialogue.session import Session
from satark.dialogue.turn.session_changes import SessionChanges
from satark_testing.dialogue.chat import NOW


@pytest.fixture
def changes(engine: Engine) -> SessionChanges:
    session = Session(flow="", language="hi", channel="whatsapp", tip="t", recipient="age1", identity="")
    return SessionChanges(engine._loaded, session, "first", NOW)


def photo() -> Media:
    return Media(MediaRef(account="whatsapp:1", id="1"), "image")


def test_an_erased_files_ordinal_is_never_used_again(changes: SessionChanges) -> None:
    assert changes.add_file(photo(), "evidence") == "1"
    changes.drop_files({"1"})
    assert changes.add_file(photo(), "evidence") == "2"
    assert [file.ordinal for file in changes.session.files] == ["2"]
    assert changes.dropped_files == ["1"]


def test_a_revoked_messages_answers_are_removed_and_the_others_stay(changes: SessionChanges) -> None:
    changes.add_part("what", "liquor is sold")
    changes.source = "second"
    changes.add_part("what", "every night")
    changes.take_back("first")
    assert changes.session.answers["what"].value == "every night"
    changes.take_back("second")
    assert "what" not in changes.session.answers


def test_files_of_a_removed_answer_are_erased(changes: SessionChanges) -> None:
    changes.add_part("evidence", "", changes.add_file(photo(), "evidence"))
    changes.set_answer("evidence", None)
    assert changes.session.files == ()
    assert changes.dropped_files == ["1"]
