"""A turn changes answers and files by their message."""

from __future__ import annotations

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from satark.api.inbound import Media, MediaRef, Revoked
from satark.dialogue.engine import Engine
from satark.dialogue.session import Session
from satark.dialogue.turn.session_changes import SessionChanges
from satark_testing.dialogue.chat import NOW
from support.dialogue.walks import at_evidence, new_chat


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


class Sender:
    """Somebody who sends photos to a draft, deletes messages and erases all files; and what then must be kept."""

    def __init__(self) -> None:
        self.chat = at_evidence(new_chat())
        self.brought: dict[str, tuple[str, str]] = {}
        """Message that still stands → its content and caption."""
        self.fetched: dict[str, tuple[str, str]] = {}
        """Ordinal → the content and the caption that were fetched under it."""

    def act(self, act: str, content: str, caption: str) -> None:
        message = f"m{len(self.chat.events)}"
        if act == "add":
            ref = MediaRef(account="test:1", id=message, sha256=content)
            self.chat.hear(Media(ref, "image", caption), message)
            self.brought[message] = (content, caption)
        elif act == "delete" and (of := [one for one, (told, _) in self.brought.items() if told == content]):
            self.chat.hear(Revoked(of[0]), message)
            del self.brought[of[0]]
        elif act == "erase all":
            if self.brought:
                self.chat.tap("@clear")
            self.brought.clear()
        for job in self.chat.turn.media_jobs:
            self.fetched[job.ordinal] = (job.ref.sha256, job.caption)

    @property
    def kept(self) -> list[tuple[str, str]]:
        """What the desk gets."""
        return [self.fetched[file.ordinal] for file in self.chat.session.files] if self.chat.session else []


@pytest.mark.slow("a property")
@given(
    st.lists(
        st.tuples(st.sampled_from(["add", "add", "add", "delete", "erase all"]), st.sampled_from("ab"), st.just("")),
        max_size=12,
    )
)
def test_each_content_is_kept_once_as_long_as_a_message_with_it_stands(acts: list[tuple[str, str, str]]) -> None:
    sender = Sender()
    for act in acts:
        sender.act(*act)
        assert sorted(sender.kept) == sorted(set(sender.brought.values()))


@pytest.mark.slow("a property")
@given(st.lists(st.tuples(st.just("add"), st.sampled_from("ab"), st.sampled_from(["", "gate", "door"])), max_size=8))
def test_no_word_about_a_file_is_lost_with_its_copy(acts: list[tuple[str, str, str]]) -> None:
    sender = Sender()
    for act in acts:
        sender.act(*act)
    told = {pair for pair in sender.brought.values() if pair[1]}
    assert told <= set(sender.kept)
    assert len(sender.kept) == len(set(sender.kept))
    assert {content for content, _ in sender.kept} == {content for content, _ in sender.brought.values()}


def test_what_stands_for_a_content_tells_nothing_without_the_tips_key() -> None:
    first, second = (at_evidence(new_chat()) for _ in "12")
    assert second.session
    second.session = msgspec.structs.replace(second.session, tipster_key="another tip's")
    media = Media(MediaRef(account="test:1", id="m", sha256="5a" * 32), "image")
    marks = [chat.hear(media).turn.media_jobs[0].content for chat in (first, second)]
    assert marks[0] != marks[1]
    assert all(len(mark) == 32 and bytes.fromhex("5a" * 16) not in mark for mark in marks)
