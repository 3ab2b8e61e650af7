"""A draft of a form is sealed, belongs to one officer, and is kept for some hours. The number of drafts is limited."""

from __future__ import annotations

from satark.api.routing import Desk
from satark.api.sealing import new_identity
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.web.form_drafts import KEPT_SECONDS, MAX_DRAFTS, FormDrafts, FormOwner


class Clock:
    """A clock that the test advances."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def officer(name: str, desk: str = "sp") -> UnlockedDesk:
    recipient, identity = new_identity()
    office = Desk(name=desk, title=desk, level="district", recipient=recipient)
    return UnlockedDesk(office, name, identity, "officer", (), "")


def test_a_draft_is_shown_to_its_officer_alone() -> None:
    drafts, rao = FormDrafts(), officer("rao")
    id_ = drafts.put(FormOwner.of(rao), "tips/K/note", {"text": "words"})
    found = drafts.find(rao, id_)
    assert found is not None
    assert (found.path, found.fields) == ("tips/K/note", {"text": "words"})
    assert "words" not in repr(found)
    for other in (officer("sen"), officer("rao", "dig"), officer("rao")):
        assert drafts.find(other, id_) is None
    assert drafts.find(rao, "another") is None


def test_a_draft_is_sealed_in_memory() -> None:
    drafts, rao = FormDrafts(), officer("rao")
    drafts.put(FormOwner.of(rao), "tips/K/note", {"text": "quite rare words"})
    assert b"quite rare words" not in b"".join(kept.sealed for kept in drafts._kept.values())


def test_drafts_expire_and_a_new_draft_replaces_the_oldest_of_the_same_officer() -> None:
    clock = Clock()
    drafts, rao, sen = FormDrafts(clock), officer("rao"), officer("sen")
    others = drafts.put(FormOwner.of(sen), "p", {})
    first = drafts.put(FormOwner.of(rao), "p", {})
    for _ in range(MAX_DRAFTS):
        last = drafts.put(FormOwner.of(rao), "p", {})
    assert drafts.find(rao, first) is None
    assert drafts.find(rao, last) is not None
    assert drafts.find(sen, others) is not None
    drafts.drop(others)
    assert drafts.find(sen, others) is None
    assert len(drafts) == MAX_DRAFTS
    clock.now += KEPT_SECONDS + 1
    assert drafts.find(rao, last) is None
    assert not drafts
