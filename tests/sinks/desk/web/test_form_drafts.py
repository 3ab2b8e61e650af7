"""A draft of a form is sealed, belongs to one officer, and outlasts a restart. The number of drafts is limited."""

from __future__ import annotations

from sqlalchemy import select

from satark.api.routing import Desk
from satark.api.sealing import new_identity
from satark.services import Services
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.tables import form_draft
from satark_desk.web.form_drafts import KEPT_SECONDS, MAX_DRAFTS, FormDrafts


class Clock:
    """A clock that the test advances."""

    def __init__(self) -> None:
        self.now = 1_800_000_000.0

    def __call__(self) -> float:
        return self.now


def officer(name: str, desk: str = "sp") -> UnlockedDesk:
    recipient, identity = new_identity()
    office = Desk(name=desk, title=desk, level="district", recipient=recipient)
    return UnlockedDesk(office, name, identity, "officer", (), "")


def test_a_draft_is_shown_to_its_officer_alone_also_after_a_restart(services: Services) -> None:
    drafts, rao = FormDrafts(services), officer("rao")
    id_ = drafts.put((rao.desk, rao.officer), "tips/K/note", {"text": "words"})
    found = FormDrafts(services).find(rao, id_)
    assert found is not None
    assert (found.path, found.fields) == ("tips/K/note", {"text": "words"})
    assert "words" not in repr(found)
    for other in (officer("sen"), officer("rao", "dig"), officer("rao")):
        assert drafts.find(other, id_) is None
    assert drafts.find(rao, "another") is None


def test_a_draft_is_stored_sealed_and_of_one_size(services: Services) -> None:
    drafts, rao = FormDrafts(services), officer("rao")
    for text in ("quite rare words", "x"):
        drafts.put((rao.desk, rao.officer), "tips/K/note", {"text": text})
    stored = services.read(lambda c: c.execute(select(form_draft.c.sealed)).scalars().all())
    assert b"quite rare words" not in b"".join(stored)
    assert len({len(one) for one in stored}) == 1


def test_drafts_expire_and_a_new_draft_replaces_the_oldest_of_the_same_officer(services: Services) -> None:
    clock = Clock()
    drafts, rao, sen = FormDrafts(services, clock), officer("rao"), officer("sen")
    others = drafts.put((sen.desk, sen.officer), "p", {})
    first = drafts.put((rao.desk, rao.officer), "p", {})
    for _ in range(MAX_DRAFTS):
        clock.now += 1
        last = drafts.put((rao.desk, rao.officer), "p", {})
    assert drafts.find(rao, first) is None
    assert drafts.find(rao, last) is not None
    assert drafts.find(sen, others) is not None
    drafts.drop(others)
    assert drafts.find(sen, others) is None
    clock.now += KEPT_SECONDS + 1
    assert drafts.find(rao, last) is None
