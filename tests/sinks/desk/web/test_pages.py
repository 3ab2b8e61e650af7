"""The queue and a tip, as an officer sees them, and what they do there."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from starlette.testclient import TestClient

from satark.casework import Casework
from satark.desk import Desk
from satark.services import Services
from satark.store.workspace import workspace_dir
from satark.testing.tips import SeededTip, seed_file, seed_file_state, seed_message, seed_tip
from satark.tip import Accused, Message, Origin
from satark_desk.tables import queue

Browser = Callable[..., TestClient]
FindDesk = Callable[[str], Desk]
Cases = Callable[[str], Casework]


def numbers(page: str) -> list[str]:
    return re.findall(r'data-row>.*?class="number"[^>]*>([^<]+)<', page, re.DOTALL)


def test_an_empty_queue_says_so(browser: Browser) -> None:
    page = browser("sp").get("/desk/").text
    assert "No tip has come in yet" in page
    assert numbers(page) == []


def test_urgent_unfinished_tips_come_first_then_the_newest(
    services: Services, browser: Browser, desk: FindDesk, casework: Cases
) -> None:
    sp = [desk("sp")]
    new = seed_tip(services, sp, received="2026-11-24T06/PT6H")
    old = seed_tip(services, sp, received="2026-11-20T06/PT6H")
    urgent = seed_tip(services, sp, received="2026-11-19T06/PT6H", priority="urgent")
    high = seed_tip(services, sp, received="2026-11-18T06/PT6H", priority="high")
    finished = seed_tip(services, sp, received="2026-11-17T06/PT6H", priority="urgent")
    casework("sp").respond(casework("sp").open(finished.number), status="ACTED")
    client = browser("sp")
    assert numbers(client.get("/desk/").text) == [tip.number for tip in (urgent, high, new, old, finished)]
    assert numbers(client.get("/desk/?mark=urgent").text) == [urgent.number, high.number]
    assert '<a href="/desk/?mark=urgent"><b>2</b> High or urgent</a>' in client.get("/desk/").text


def test_the_queue_is_filtered_searched_and_paged(
    services: Services, browser: Browser, desk: FindDesk, casework: Cases
) -> None:
    sp = [desk("sp")]
    many = [seed_tip(services, sp, received=f"2026-11-{day:02}T06/PT6H") for day in range(1, 8)]
    arms = seed_tip(services, sp, category="ARMS", received="2026-10-01T06/PT6H", answers={"what": "तमंचा बनता है"})
    casework("sp").respond(casework("sp").open(arms.number), status="VERIFYING")
    client = browser("sp")
    assert numbers(client.get("/desk/").text) == [tip.number for tip in reversed(many[2:])]
    assert len(numbers(client.get("/desk/?page=2").text)) == 3
    for query in ("category=ARMS", "status=VERIFYING", "q=तमंचा", f"q={arms.number.lower()}", "category=ARMS&mark=open"):
        assert numbers(client.get(f"/desk/?{query}").text) == [arms.number]
    for query in ("status=CLOSED", "q=nothing", "priority=urgent", "district=x", "mark=nonsense", "status=<script>"):
        page = client.get(f"/desk/?{query}").text
        assert numbers(page) == []
        assert "<script>" not in page
    for number in ("99", "0", "-1", "x", "²", "1" * 40):
        assert numbers(client.get(f"/desk/?page={number}").text)
    assert len(numbers(client.get("/desk/?mark=overdue&page=2").text)) == 3


def test_what_is_new_to_an_officer_is_marked_until_they_open_it(
    services: Services, browser: Browser, desk: FindDesk
) -> None:
    seeded = seed_tip(services, [desk("sp")])
    client = browser("sp")
    assert numbers(client.get("/desk/?mark=new").text) == [seeded.number]
    client.get(f"/desk/tips/{seeded.number}")
    assert numbers(client.get("/desk/?mark=new").text) == []
    seed_message(services, seeded, Message(sender="tipster", text="और भी"))
    assert "New message" in client.get("/desk/?mark=new").text
    client.get(f"/desk/tips/{seeded.number}")
    assert numbers(client.get("/desk/?mark=new").text) == []


def test_when_a_tip_was_directed_here_later_the_queue_says_since_when(
    services: Services, browser: Browser, desk: FindDesk
) -> None:
    seeded = seed_tip(services, [desk("sp")])
    row = {"desk": "sp", "tip": seeded.id, "revision": 1, "arrived": "2026-11-25T06/PT6H"}
    services.write_now(lambda unit: unit.insert(queue, [row]))
    assert "here since 25 Nov 2026" in browser("sp").get("/desk/").text


def test_a_tip_leads_to_its_neighbours_and_to_the_next_unread(
    services: Services, browser: Browser, desk: FindDesk
) -> None:
    first, second, third = (seed_tip(services, [desk("sp")], received=f"2026-11-{d}T06/PT6H") for d in (24, 23, 22))
    client = browser("sp")
    assert f'href="/desk/tips/{first.number}" data-key="n"' in client.get("/desk/").text
    client.get(f"/desk/tips/{third.number}")
    page = client.get(f"/desk/tips/{second.number}?mark=open").text
    assert f'href="/desk/tips/{first.number}?mark=open" rel="prev"' in page
    assert f'href="/desk/tips/{third.number}?mark=open" rel="next"' in page
    assert f'href="/desk/tips/{first.number}?mark=open" data-key="n"' in page
    assert 'rel="prev"' not in client.get(f"/desk/tips/{first.number}").text
    # A tip that the filter leaves out is shown all the same.
    assert 'rel="next"' not in client.get(f"/desk/tips/{first.number}?status=CLOSED").text


def full(services: Services, desk: FindDesk) -> SeededTip:
    answers = {
        "category": "INTOX",
        "what": "पहली पंक्ति\n<img src=x onerror=alert(1)>",
        "place": {"text": "लंका", "latitude": 25.281, "longitude": 82.999, "district": "varanasi", "station": "lanka"},
        "police": "no",
        "who": None,
        "vehicle": {"voice": "4"},
        "custom_step": ["a", "b"],
        "count": 3,
        "agreed": True,
        "evidence": None,
    }
    seeded = seed_tip(services, [desk("sp")], answers=answers, category="INTOX", evidence=("1", "2", "3", "5", "6"))
    seed_file(services, seeded, "1", b"one", b"clean one", caption='"><script>alert(2)</script>')
    filmed = Origin(latitude=25.3, longitude=82.9, taken="2026-11-20T21:15")
    seed_file(services, seeded, "2", b"two", b"clean two", mime="video/mp4", kind="video", origin=filmed)
    seed_file(services, seeded, "3", b"three", b"<svg onload=alert(3)>", mime="image/svg+xml")
    seed_file(services, seeded, "4", b"four", b"clean four", mime="audio/ogg", kind="voice", role="vehicle")
    seed_file(services, seeded, "5", b"five", mime="application/x-strange", problem="unknown")
    seed_file_state(services, seeded, "6", "due")
    seed_file_state(services, seeded, "7", "lost")
    seed_message(services, seeded, Message(sender="tipster", text="<b onclick=alert(4)>", band="2026-11-24T06/PT6H"))
    return seeded


def test_a_tip_shows_everything_in_words_and_runs_nothing(services: Services, browser: Browser, desk: FindDesk) -> None:
    seeded = full(services, desk)
    page = browser("sp").get(f"/desk/tips/{seeded.number}").text
    for words in (
        "Illegal liquor / drugs", "25.28100, 82.99900", "Lanka", "Varanasi", "spoken: file 4", "a · b", "Yes",
        "24 Nov 2026, 11:30–17:30", "still being fetched", "could not be fetched", "no clean copy", "custom_step",
        "&lt;img src=x onerror=alert(1)&gt;", "&lt;b onclick=alert(4)&gt;", "<video ", "own voice",
        "A film keeps its sound", "as the file itself says (it may be wrong) · 25.30000, 82.90000 · 2026-11-20T21:15",
    ):  # fmt: skip
        assert words in page
    assert page.count("<img ") == page.count("A film keeps its sound") == 1
    for danger in ("<img src=x", "<script>alert", "<b onclick", "06:00", "T06"):
        assert danger not in page


def test_a_tip_is_there_in_hindi_too(services: Services, browser: Browser, desk: FindDesk) -> None:
    seeded = full(services, desk)
    client = browser("sp")
    client.post("/desk/language", data={"language": "hi", "next": ""})
    page = client.get(f"/desk/tips/{seeded.number}").text
    assert 'lang="hi"' in page
    for words in ("क्या बताया गया", "लंका", "साक्ष्य", "सूचना प्राप्त"):
        assert words in page


@pytest.mark.parametrize(
    "shown",
    [
        ("1", "image/jpeg", "inline", b"clean one"),
        ("2", "video/mp4", "inline", b"clean two"),
        ("3", "application/octet-stream", "attachment", b"<svg onload=alert(3)>"),
    ],
)
def test_clean_copies_are_streamed_so_that_nothing_in_them_can_run(
    shown: tuple[str, str, str, bytes], services: Services, browser: Browser, desk: FindDesk
) -> None:
    ordinal, media_type, disposition, body = shown
    seeded = full(services, desk)
    client = browser("sp")
    answer = client.get(f"/desk/tips/{seeded.number}/files/{ordinal}")
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, body, media_type)
    assert answer.headers["content-disposition"].startswith(f'{disposition}; filename="{seeded.number}-{ordinal}')
    assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    saved = client.get(f"/desk/tips/{seeded.number}/files/{ordinal}?download=1")
    assert saved.headers["content-disposition"].startswith("attachment")


def test_previews_stand_for_files_on_the_page(
    services: Services, browser: Browser, desk: FindDesk, casework: Cases
) -> None:
    seeded = seed_tip(services, [desk("sp")], evidence=("1", "2", "3", "4"))
    seed_file(services, seeded, "1", b"photo", b"clean photo", preview=b"small photo")
    seed_file(services, seeded, "2", b"film", b"clean film", preview=b"still", mime="video/mp4", kind="video")
    seed_file(services, seeded, "3", b"text", b"clean", preview=b"page", mime="application/pdf", kind="document")
    seed_file(
        services, seeded, "4", b"voice", b"clean", disguised=b"x", preview=b"wave", mime="audio/ogg", kind="voice"
    )
    client, place = browser("sp"), f"/desk/tips/{seeded.number}"
    page = client.get(place).text
    for ordinal, content in (("1", b"small photo"), ("2", b"still"), ("3", b"page"), ("4", b"wave")):
        assert f'"{place}/previews/{ordinal}"' in page
        shown = client.get(f"{place}/previews/{ordinal}")
        assert (shown.content, shown.headers["content-type"]) == (content, "image/webp")
        assert shown.headers["cache-control"] == "no-store"
    assert client.get(f"{place}/previews/5").status_code == 404
    work = casework("sp")
    log = [(row.row.file, row.entry) for row in work.custody(work.open(seeded.number)) if row.entry]
    viewed = [(file, entry.form) for file, entry in log if entry.act == "viewed"]
    assert viewed == [(ordinal, "preview") for ordinal in "1234"]


def test_a_large_file_is_streamed_whole_and_leaves_nothing_in_plain(
    services: Services, browser: Browser, desk: FindDesk
) -> None:
    seeded = seed_tip(services, [desk("sp")], evidence=("1",))
    clean = bytes(range(256)) * 4096
    seed_file(services, seeded, "1", b"original", clean)
    assert browser("sp").get(f"/desk/tips/{seeded.number}/files/1").content == clean
    assert list(workspace_dir(services.evidence_dir.parent).iterdir()) == []


@pytest.mark.parametrize("ordinal", ["5", "6", "7", "8", "x"])
def test_a_file_that_is_not_here_is_a_page_that_says_so(
    ordinal: str, services: Services, browser: Browser, desk: FindDesk
) -> None:
    seeded = full(services, desk)
    answer = browser("sp").get(f"/desk/tips/{seeded.number}/files/{ordinal}")
    assert answer.status_code == 404
    assert "nothing here for this desk" in answer.text


@pytest.mark.parametrize("gone", [True, False])
def test_an_altered_or_erased_file_is_a_page_that_says_so(
    gone: bool,  # noqa: FBT001 - pytest's
    services: Services,
    browser: Browser,
    desk: FindDesk,
) -> None:
    seeded = full(services, desk)
    (path,) = services.evidence_dir.glob("*-1.clean.age")
    path.write_bytes(path.read_bytes()[:-1] + b"\0")
    if gone:
        path.unlink()
    answer = browser("sp").get(f"/desk/tips/{seeded.number}/files/1")
    assert answer.status_code == 409
    assert "altered or removed" in answer.text


def act(client: TestClient, seeded: SeededTip, action: str, **form: str) -> str:
    """Send a form, and confirm it with exactly what the confirming page holds."""
    path = f"/desk/tips/{seeded.number}/{action}"
    asked = client.post(path, data=form)
    assert "Is this right?" in asked.text
    hidden = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', asked.text.partition("<main")[2]))
    done = client.post(path, data={**hidden, "confirmed": "yes"}, follow_redirects=False)
    assert done.status_code == 303
    return client.get(done.headers["location"]).text


def test_a_status_is_set_after_the_officer_confirmed_what_the_tipster_reads(
    services: Services, browser: Browser, desk: FindDesk, casework: Cases
) -> None:
    seeded = seed_tip(services, [desk("sp")])
    client = browser("sp")
    asked = client.post(f"/desk/tips/{seeded.number}/status", data={"status": "ACTION", "text": "<i>जल्द</i>"}).text
    assert "&lt;i&gt;जल्द" in asked
    assert casework("sp").open(seeded.number).thread == ()
    page = act(client, seeded, "status", status="ACTION", text="जल्द")
    assert "The status is set." in page
    (posted,) = casework("sp").open(seeded.number).thread
    assert (posted.message.status, posted.message.text, posted.message.question) == ("ACTION", "जल्द", False)


def test_a_question_asks_for_more_information(
    services: Services, browser: Browser, desk: FindDesk, casework: Cases
) -> None:
    seeded = seed_tip(services, [desk("sp")])
    client = browser("sp")
    assert "The question is on its way." in act(client, seeded, "ask", text="कब?")
    (posted,) = casework("sp").open(seeded.number).thread
    assert (posted.message.status, posted.message.text, posted.message.question) == ("NEED_INFO", "कब?", True)
    assert "Waiting for an answer" in client.get("/desk/").text


def test_a_note_stays_between_desks(services: Services, browser: Browser, desk: FindDesk, casework: Cases) -> None:
    seeded = seed_tip(services, [desk("sp")])
    assert "The note is added." in act(browser("sp"), seeded, "note", text="पुराना मामला")
    (posted,) = casework("sp").open(seeded.number).thread
    assert posted.message.internal


def test_a_tip_is_directed_only_to_desks_on_the_list(
    services: Services, browser: Browser, desk: FindDesk, casework: Cases
) -> None:
    seeded = seed_tip(services, [desk("sp")])
    client = browser("sp")
    assert "The tip is directed." in act(client, seeded, "direct", to="lanka", text="जाँच करें")
    assert casework("lanka").open(seeded.number).tip == seeded.tip
    about = seed_tip(services, [desk("sp")], accused=Accused(level="station", unit="lanka"), excluded=("lanka",))
    page = client.get(f"/desk/tips/{about.number}").text
    assert 'value="dig"' in page
    assert 'value="lanka"' not in page
    refused = [
        client.post(f"/desk/tips/{about.number}/direct", data={"to": to, "text": "x", "confirmed": "yes"})
        for to in ("lanka", "nowhere")
    ]
    assert [answer.status_code for answer in refused] == [422, 422]
    once = re.compile(r'name="once" value="[^"]*"')
    assert len({once.sub("", answer.text) for answer in refused}) == 1
    assert casework("lanka").find("") == {seeded.id}


@pytest.mark.parametrize(
    "mistake",
    [
        ("status", {"status": ""}, "Choose a status"),
        ("status", {"status": "DONE", "text": "x"}, "Choose a status"),
        ("status", {"status": "CLOSED", "text": " "}, "Write the reason"),
        ("status", {"status": "ACTED", "text": "x" * 1001}, "too long"),
        ("ask", {"text": "  "}, "Write the question"),
        ("note", {}, "Write the note"),
        ("direct", {"to": "lanka", "text": ""}, "Write what is to be done"),
        ("direct", {"to": "sp", "text": "x"}, "Choose a desk"),
    ],
)
def test_a_form_with_a_mistake_comes_back_as_it_was(
    mistake: tuple[str, dict[str, str], str], services: Services, browser: Browser, desk: FindDesk
) -> None:
    action, form, says = mistake
    seeded = seed_tip(services, [desk("sp")])
    answer = browser("sp").post(f"/desk/tips/{seeded.number}/{action}", data={**form, "confirmed": "yes"})
    assert answer.status_code == 422
    assert says in answer.text
    assert f">{form.get('text', '')}</textarea>" in answer.text


def test_a_form_can_be_changed_after_all(services: Services, browser: Browser, desk: FindDesk) -> None:
    seeded = seed_tip(services, [desk("sp")])
    form = {"status": "ACTED", "text": "धन्यवाद", "edit": "yes"}
    answer = browser("sp").post(f"/desk/tips/{seeded.number}/status", data=form)
    assert answer.status_code == 200
    assert ">धन्यवाद</textarea>" in answer.text
    assert 'value="ACTED" selected' in answer.text


def test_a_double_click_acts_once(services: Services, browser: Browser, desk: FindDesk, casework: Cases) -> None:
    seeded = seed_tip(services, [desk("sp")])
    client = browser("sp")
    form = {"text": "एक बार", "once": "the same", "confirmed": "yes"}
    for _ in range(2):
        client.post(f"/desk/tips/{seeded.number}/note", data=form)
    assert len(casework("sp").open(seeded.number).thread) == 1


def test_an_unknown_action_is_no_page(services: Services, browser: Browser, desk: FindDesk) -> None:
    seeded = seed_tip(services, [desk("sp")])
    assert browser("sp").post(f"/desk/tips/{seeded.number}/delete", data={"text": "x"}).status_code == 404


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
        return [(answer.status_code, answer.text.replace(number, "NUMBER")) for answer in answers]

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


def test_tips_that_do_not_open_are_reported(services: Services, browser: Browser, desk: FindDesk) -> None:
    seeded = seed_tip(services, [desk("sp")])
    broken = seed_tip(services, [desk("sp")])
    planted_reply = Message(sender="tipster", text="x")
    seed_message(services, seeded, planted_reply)

    def damage(unit: object) -> None:
        unit.keys.exec_driver_sql("UPDATE envelope SET sealed = x'00' WHERE tip = ?", (broken.id,))  # type: ignore[attr-defined]
        unit.main.exec_driver_sql("UPDATE message SET sealed = x'00'")  # type: ignore[attr-defined]

    services.write_now(damage)
    client = browser("sp")
    assert "Tips that do not open: 1" in client.get("/desk/").text
    assert "Parts of this tip that do not open: 1" in client.get(f"/desk/tips/{seeded.number}").text
