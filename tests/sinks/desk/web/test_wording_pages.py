"""The page of wordings, and how an officer picks a wording while writing to a tipster."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape

from httpx2 import Client

from satark.api.routing import Desk
from satark.services import Services
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.wordings import Wording, save, wordings_of
from support.tips import seed_tip

NEW = {"language": "hi", "name": "समय", "text": "यह किस समय होता है?", "once": "1"}


def test_a_wording_is_saved_shown_and_removed(browser: Callable[..., Client]) -> None:
    client = browser("sp")
    saved = client.post("/desk/wordings", data=NEW)
    assert "The wording is saved" in saved.text
    assert NEW["text"] in saved.text
    assert saved.text.count("<mark>") == 0
    (id_,) = re.findall(r'name="id" value="([0-9a-f]{16})"', saved.text)
    assert "no wordings yet" in browser("dig").get("/desk/wordings").text
    assert "no wordings yet" in client.post("/desk/wordings/remove", data={"id": id_}).text
    assert client.post("/desk/wordings/remove", data={"id": id_}).status_code == 404


def test_text_that_may_point_to_a_tipster_is_marked(browser: Callable[..., Client]) -> None:
    shown = browser("sp").post("/desk/wordings", data={**NEW, "text": "क्या यह मेरी दुकान के पास है?"})
    assert "would stand in every tip" in shown.text
    assert "<mark>मेरी दुकान</mark>" in shown.text


def test_a_refused_wording_keeps_the_typed_text(browser: Callable[..., Client]) -> None:
    answer = browser("sp").post("/desk/wordings", data={**NEW, "name": " "})
    assert answer.status_code == 422
    assert "Give it a short name." in answer.text
    assert NEW["text"] in answer.text


def test_a_picked_wording_is_in_the_form_and_wordings_in_the_tips_language_come_first(
    browser: Callable[..., Client],
    services: Services,
    desk: Callable[[str], Desk],
    unlocked: Callable[[str], UnlockedDesk],
) -> None:
    number = seed_tip(services, [desk("sp"), desk("dig")]).number
    for language, name in (("en", "first by name"), ("hi", "समय")):
        save(services, unlocked("sp"), Wording(language=language, name=name, text=f"{name}?"))
    client = browser("sp")
    page = client.get(f"/desk/tips/{number}").text
    assert re.findall(r'data-wording="([^"]+)"', page)[:2] == ["समय?", "first by name?"]
    picked = next(one for one in wordings_of(services, unlocked("sp")) if one.language == "hi")
    shown = unescape(client.get(f"/desk/tips/{number}?act=ask&wording={picked.id}").text)
    assert re.findall(r"<textarea[^>]*>([^<]+)</textarea>", shown) == ["समय?"]
    assert re.search(r'<details class="act" name="act"[^>]* open>\s*<summary data-key="a"', shown)
    other = client.get(f"/desk/tips/{number}?act=close&wording={picked.id}").text
    assert "<textarea" in other
    assert ">समय?</textarea>" not in other
