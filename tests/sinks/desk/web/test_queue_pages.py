"""The queue as an officer sees it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from httpx2 import Client

from satark.api.routing import Desk
from satark.api.tip import Accused, Message
from satark.casework import Casework
from satark.services import Services
from satark_desk.tables import queue
from satark_desk.web.form_drafts import FormDrafts
from support.acts import respond
from support.desk_reading import listed
from support.tips import seed_file, seed_message, seed_tip

Browser = Callable[..., Client]
FindDesk = Callable[[str], Desk]
Cases = Callable[[str], Casework]


def test_an_empty_queue_says_so(browser: Browser) -> None:
    page = browser("sp").get("/desk/").text
    assert "No tips yet" in page
    assert listed(page) == []


def test_the_queue_is_filtered_searched_and_paged(
    services: Services, browser: Browser, desk: FindDesk, casework: Cases
) -> None:
    sp = [desk("sp")]
    many = [seed_tip(services, sp, received=f"2026-11-{day:02}T06/PT6H") for day in range(1, 8)]
    arms = seed_tip(services, sp, category="ARMS", received="2026-10-01T06/PT6H", answers={"what": "तमंचा बनता है"})
    respond(casework("sp"), casework("sp").open(arms.number), status="VERIFYING")
    client = browser("sp")
    assert listed(client.get("/desk/").text) == [tip.number for tip in many[:5]]
    assert len(listed(client.get("/desk/?page=2").text)) == 3
    for query in ("category=ARMS", "status=VERIFYING", "q=तमंचा", f"q={arms.number.lower()}", "category=ARMS&mark=open"):
        assert listed(client.get(f"/desk/?{query}").text) == [arms.number]
    for query in ("status=CLOSED", "q=nothing", "priority=urgent", "district=x", "mark=nonsense", "status=<script>"):
        page = client.get(f"/desk/?{query}").text
        assert listed(page) == []
        assert "<script>" not in page
    for number in ("99", "0", "-1", "x", "²", "1" * 40):
        assert listed(client.get(f"/desk/?page={number}").text)
    assert len(listed(client.get("/desk/?mark=overdue&page=2").text)) == 3


def test_a_row_has_the_tips_own_words_its_place_channel_and_files_and_whom_it_accuses(
    services: Services, browser: Browser, desk: FindDesk
) -> None:
    answers = {"category": "ARMS", "place": {"text": "चौराहा"}, "what": "तमंचे  बिकते हैं\nरोज़ " + "और " * 90}
    accused = Accused(level="station", unit="sigra")
    seed_tip(services, [desk("sp")], category="ARMS", answers=answers, evidence=("1", "2"), accused=accused)
    row = re.search(r'<ol class="tips".*?</ol>', browser("sp").get("/desk/").text, re.DOTALL)
    assert row is not None
    for said in (">तमंचे बिकते हैं रोज़ और ", "…<", "Lanka, Varanasi · ", " · by chat · files: 2", "Names the police"):
        assert said in row[0]
    assert "चौराहा" not in row[0]


def test_the_queue_shows_since_when_a_directed_tip_is_at_the_desk(
    services: Services, browser: Browser, desk: FindDesk
) -> None:
    seeded = seed_tip(services, [desk("sp")])
    row = {"desk": "sp", "tip": seeded.id, "revision": 1, "delivered": "2026-11-25T06/PT6H"}
    services.write_now(lambda unit: unit.insert(queue, [row]))
    assert "here since 25 Nov 2026" in browser("sp").get("/desk/").text


def test_news_change_only_with_the_tips_of_the_desk(services: Services, browser: Browser, desk: FindDesk) -> None:
    here, other = (seed_tip(services, [desk("sp")]) for _ in range(2))
    elsewhere = seed_tip(services, [desk("dig")])
    client = browser("sp")

    def news() -> list[dict[str, int]]:
        return [client.get(f"/desk/news?poll=1&tip={tip}").json() for tip in ("", here.number, other.number)]

    first = news()
    assert f'data-version="{first[1]["version"]}"' in client.get(f"/desk/tips/{here.number}?poll=1").text
    seed_message(services, elsewhere, Message(sender="tipster", text="x"))
    assert news() == first
    assert client.get(f"/desk/news?tip={elsewhere.number}").status_code == 404
    seed_message(services, here, Message(sender="tipster", text="वे छत पर हैं"))
    second = news()
    assert [one["version"] != was["version"] for one, was in zip(second, first, strict=True)] == [True, True, False]
    seed_tip(services, [desk("sp")], priority="urgent")
    assert news()[0]["pressing"] > second[0]["pressing"]


@pytest.mark.parametrize("page", ["", "tips/{}"])
def test_what_comes_while_a_page_is_made_is_news_to_that_page(
    page: str, services: Services, browser: Browser, desk: FindDesk, monkeypatch: pytest.MonkeyPatch
) -> None:
    tip, client = seed_tip(services, [desk("sp")]), browser("sp")

    def typed(*_: object) -> dict[str, str]:
        """Return no draft, after a message has come. A page looks its drafts up once it has read what it shows."""
        seed_message(services, tip, Message(sender="tipster", text="वे छत पर हैं"))
        return {}

    with monkeypatch.context() as changed:
        changed.setattr(FormDrafts, "typed", typed)
        shown = client.get(f"/desk/{page.format(tip.number)}").text
    (version,) = re.findall(r'data-version="(\d+)"', shown)
    news = client.get(f"/desk/news?poll=1&tip={tip.number if page else ''}").json()
    assert news["version"] != int(version)


def test_an_excluded_desk_sees_the_same_pages_with_and_without_the_tip(
    services: Services, browser: Browser, desk: FindDesk
) -> None:
    seed_tip(services, [desk("sp"), desk("lanka")])
    client = browser("lanka")

    def everything(number: str) -> list[tuple[int, str]]:
        answers = [
            client.get("/desk/"),
            client.get("/desk/?q=गुप्त"),
            client.get("/desk/?mark=new"),
            client.get(f"/desk/?q={number}"),
            client.get(f"/desk/tips/{number}"),
            client.get(f"/desk/tips/{number}/files/1"),
            client.post(f"/desk/tips/{number}/note", data={"text": "x", "confirmed": "yes"}),
            client.post(f"/desk/tips/{number}/direct", data={"to": "sp", "text": "x", "confirmed": "yes"}),
        ]
        for name in ("note", "direct"):
            client.post("/desk/typed", data={"path": f"/desk/tips/{number}/{name}", "discard": "yes"})
        texts = (re.sub('(name="once" value=)"[^"]*"', r"\1", answer.text) for answer in answers)
        return [(one.status_code, text.replace(number, "NUMBER")) for one, text in zip(answers, texts, strict=True)]

    before = everything("K999-9999")
    accused = Accused(level="station", unit="lanka")
    secret = seed_tip(
        services, [desk("sp")], answers={"what": "गुप्त"}, accused=accused, excluded=("lanka",), evidence=("1",)
    )
    seed_file(services, secret, "1", b"one", b"clean one")
    seed_message(services, secret, Message(sender="tipster", text="गुप्त"))
    assert everything("K999-9999") == before
    assert everything(secret.number) == before
    assert "गुप्त" in browser("sp").get(f"/desk/tips/{secret.number}").text
