"""A draft of a form is sealed, belongs to one officer, and outlasts a restart. The number of drafts is limited."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from httpx2 import Client
from msgspec.structs import replace
from sqlalchemy import func, select, update

from satark.api.routing import Desk
from satark.api.sealing import CantOpen, new_identity, open_as, seal
from satark.services import Services
from satark.store import tables
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.tables import form_draft
from satark_desk.web.form_drafts import KEPT_SECONDS, MAX_DRAFTS, WRITING_SECONDS, FormDraft, FormDrafts, Owner
from support.tips import seed_tip


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


def test_a_draft_is_shown_only_to_its_officer_even_after_a_restart(services: Services) -> None:
    drafts, rao = FormDrafts(services), officer("rao")
    id_ = drafts.put(Owner.of(rao), "tips/K/note", {"text": "words"})
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
        drafts.put(Owner.of(rao), "tips/K/note", {"text": text})
    stored = services.read(lambda c: c.execute(select(form_draft.c.sealed)).scalars().all())
    assert b"quite rare words" not in b"".join(stored)
    assert len({len(one) for one in stored}) == 1


def test_typed_text_is_kept_once_for_each_act_and_forgotten_when_deleted(services: Services) -> None:
    drafts, rao = FormDrafts(services), officer("rao")
    owner = Owner.of(rao)
    for text in ("on the", "on the roof"):
        drafts.keep_typed(owner, {"path": "/desk/tips/K4/note", "text": text, "once": "x"})
    assert list(drafts.typed(rao)) == ["tips/K4/note"]
    found = drafts.find(rao, drafts.typed(rao)["tips/K4/note"])
    assert found
    assert found.fields == {"text": "on the roof"}
    for path in ("/desk/tips/K4/junk", "/desk/tips/K4/a/note", "/desk/bulk", "", "/desk/tips/"):
        drafts.keep_typed(owner, {"path": path, "text": "words"})
    drafts.keep_typed(owner, {"path": "/desk/tips/K4/note", "text": " "})
    assert drafts.typed(rao) == {}


def test_only_other_officers_of_the_desk_who_typed_a_moment_ago_are_writing_on_a_tip(services: Services) -> None:
    clock, rao = Clock(), officer("rao")
    drafts, sen = FormDrafts(services, clock), replace(rao, officer="sen")
    for who in (rao, sen, officer("dig-1", "dig")):
        drafts.keep_typed(Owner.of(who), {"path": "/desk/tips/K4/note", "text": "on the"})
    assert [drafts.writers(rao, number) for number in ("K4", "K", "")] == [("sen",), (), ()]
    clock.now += WRITING_SECONDS + 1
    assert drafts.writers(rao, "K4") == ()
    assert drafts.typed(sen)


def test_text_typed_after_the_session_ended_is_offered_after_the_next_sign_in(
    services: Services, browser: Callable[..., Client], desk: Callable[[str], Desk]
) -> None:
    seeded = seed_tip(services, [desk("sp")])
    client = browser("sp")
    client.get(f"/desk/tips/{seeded.number}")
    token = client.cookies["satark-desk"]
    client.post("/desk/sign-out")
    form = {"path": f"/desk/tips/{seeded.number}/note", "text": "480 characters"}
    assert browser().post("/desk/typed", data=form).url.path == "/desk/sign-in"
    client.cookies.set("satark-desk", token, domain="desk.example", path="/desk")
    assert client.post("/desk/typed", data=form).status_code == 204, "the page may say that it is kept"
    again = browser("sp")
    page = again.get(f"/desk/tips/{seeded.number}").text
    link = re.search(rf'href="(/desk/tips/{seeded.number}/note\?draft=[^"]*)"', page)
    assert link
    assert "480 characters" in again.get(link[1].replace("&amp;", "&")).text


@pytest.mark.parametrize("changed", ["session", "desk"])
def test_text_sent_after_the_session_ended_is_sealed_to_no_key_of_an_attacker_who_writes_rows(
    services: Services, browser: Callable[..., Client], desk: Callable[[str], Desk], changed: str
) -> None:
    seeded = seed_tip(services, [desk("sp"), desk("dig")])
    client = browser("sp")
    token = client.cookies["satark-desk"]
    client.post("/desk/sign-out")
    recipient, identity = new_identity()
    reader = UnlockedDesk(replace(desk("dig"), recipient=recipient), "mole", identity, "officer", (), "")
    session = func.length(form_draft.c.id) == 64
    act = {
        "session": update(form_draft).where(session).values(desk="dig", officer="mole"),
        "desk": update(tables.desk).values(recipient=recipient),
    }[changed]
    services.write_now(lambda unit: unit.main.execute(act))
    client.cookies.set("satark-desk", token, domain="desk.example", path="/desk")
    client.post(f"/desk/tips/{seeded.number}/note", data={"text": "The tipster is the driver"})
    rows = services.read(lambda c: c.execute(select(form_draft).where(~session)).all())
    assert [row.desk for row in rows] == ([] if changed == "session" else ["sp"])
    for row in rows:
        with pytest.raises(CantOpen):
            open_as(FormDraft, row.sealed[32:], reader.identity)


@pytest.mark.parametrize("forged", ["sealed anew", "put in another's place"])
def test_a_form_that_an_attacker_inserts_as_a_row_is_not_shown(
    services: Services, browser: Callable[..., Client], desk: Callable[[str], Desk], forged: str
) -> None:
    seeded = seed_tip(services, [desk("sp")])
    client = browser("sp")
    token = client.cookies["satark-desk"]
    client.get(f"/desk/tips/{seeded.number}")
    client.post("/desk/sign-out")
    client.cookies.set("satark-desk", token, domain="desk.example", path="/desk")
    client.post(f"/desk/tips/{seeded.number}/note", data={"text": "Ask the constable", "confirmed": "yes"})
    draft = func.length(form_draft.c.id) < 64
    row = services.read(lambda c: c.execute(select(form_draft).where(draft)).one())
    again = browser("sp")
    page = again.get(f"/desk/resume/{row.id}").text
    assert "Ask the constable" in page
    assert 'name="confirmed"' not in page
    planted = FormDraft(path="roster/approve", fields={"id": "ab", "confirmed": "yes"})
    changed = {
        "sealed anew": {"sealed": row.sealed[:32] + seal(planted, desk("sp").recipient, padded=2048)},
        "put in another's place": {"id": "another"},
    }[forged]
    services.write_now(lambda unit: unit.main.execute(update(form_draft).where(draft).values(**changed)))
    page = again.get(f"/desk/resume/{changed.get('id', row.id)}").text
    assert "roster/approve" not in page
    assert "Ask the constable" not in page


def test_only_a_form_of_a_kept_kind_is_sent_again(
    services: Services, browser: Callable[..., Client], unlocked: Callable[[str], UnlockedDesk]
) -> None:
    owner, client = Owner.of(unlocked("sp")), browser("sp")
    for path, is_shown in (("roster/approve", False), ("bulk", True)):
        id_ = FormDrafts(services).put(owner, path, {"text": "words", "confirmed": "yes"})
        page = client.get(f"/desk/resume/{id_}").text
        assert (f'action="/desk/{path}"' in page) == is_shown
        assert 'name="confirmed"' not in page


def test_drafts_expire_and_a_new_draft_replaces_the_oldest_of_the_same_officer(services: Services) -> None:
    clock = Clock()
    drafts, rao, sen = FormDrafts(services, clock), officer("rao"), officer("sen")
    others = drafts.put(Owner.of(sen), "p", {})
    first = drafts.put(Owner.of(rao), "p", {})
    for _ in range(MAX_DRAFTS):
        clock.now += 1
        last = drafts.put(Owner.of(rao), "p", {})
    assert drafts.find(rao, first) is None
    assert drafts.find(rao, last) is not None
    assert drafts.find(sen, others) is not None
    drafts.drop(others)
    assert drafts.find(sen, others) is None
    clock.now += KEPT_SECONDS + 1
    assert drafts.find(rao, last) is None
