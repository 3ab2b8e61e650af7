"""The simulator's interface: what the page does and sees, through the real webhook and a pretended Meta."""

from __future__ import annotations

import io
import stat
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest
from PIL import Image

from satark.demo import samples
from satark.demo.traces import traces

Open = Callable[[Path], Awaitable[Any]]
TOLD = "अस्सी घाट के पीछे वाली गली में रोज़ रात को कच्ची शराब बिकती है"


async def _arrived(visitor: Any) -> list[dict[str, Any]]:
    """Wait until both desks have the tip with its file."""
    await visitor.until(lambda: [len(tips) for tips in visitor.desks.values()] == [1, 1])
    await visitor.until(lambda: all(tips[0]["files"] == 1 for tips in visitor.desks.values()))
    return [visitor.desks[desk][0] for desk in ("sp", "dig")]


async def test_a_tip_told_in_hindi_stands_opened_at_both_desks(open_demo: Open, tmp_path: Path) -> None:
    visitor = await open_demo(tmp_path / "d")
    code = await visitor.file_tip(samples.photograph("pickup"))
    assert len(code) == 16
    lines = await _arrived(visitor)
    assert {(line["category"], line["status"]) for line in lines} == {("INTOX", "RECEIVED")}
    for desk, line in zip(("sp", "dig"), lines, strict=True):
        tip = await visitor.get(f"/desks/{desk}/{line['number']}")
        assert (tip["answers"]["what"], tip["answers"]["police"], tip["language"]) == (TOLD, "no", "hi")
        assert tip["answers"]["place"]["latitude"] == 25.28918
        [file] = tip["files"]
        assert (file["kind"], file["caption"], file["traces"], file["problem"]) == ("image", "गली", [], "")
        status, clean = await visitor.fetch(f"/desks/{desk}/{line['number']}/{file['ordinal']}")
        assert status == 200
        assert Image.open(io.BytesIO(clean)).size == (960, 720)


async def test_webhooks_posted_twice_make_one_tip_and_one_answer_each(open_demo: Open, tmp_path: Path) -> None:
    visitor = await open_demo(tmp_path / "d")
    await visitor.file_tip(samples.photograph("bottles"), twice=True)
    await _arrived(visitor)
    mine = [bubble for bubble in visitor.bubbles.values() if bubble["mine"]]
    assert len(visitor.heard) == len(mine)


async def test_the_phone_shows_blue_ticks_and_what_the_photo_would_tell(open_demo: Open, tmp_path: Path) -> None:
    visitor = await open_demo(tmp_path / "d")
    await visitor.answered(visitor.act("say", text="Hi"))
    await visitor.answered(visitor.send(samples.photograph("pickup"), "image/jpeg"))
    hi, photo = [bubble for bubble in visitor.bubbles.values() if bubble["mine"]]
    await visitor.until(lambda: visitor.bubbles[photo["id"]]["ticks"] == "read")
    assert photo["traces"][0] == "GPS 25.28917, 83.00694"
    status, data = await visitor.fetch(f"/phones/1/whatsapp/files/{photo['id']}")
    assert (status, traces(data)) == (200, tuple(photo["traces"]))
    assert (await visitor.fetch(f"/phones/1/whatsapp/files/{hi['id']}"))[0] == 404


FILES = [
    ("audio/ogg; codecs=opus", "voice", "voice"),
    ("audio/mpeg", "name=a.mp3", "audio"),
    ("video/mp4", "name=a.mp4", "video"),
    ("image/heic", "name=a.heic", "document"),
    ("application/pdf", "name=a.pdf&twice", "document"),
]


async def test_every_kind_of_file_is_answered(open_demo: Open, tmp_path: Path) -> None:
    visitor = await open_demo(tmp_path / "d")
    await visitor.answered(visitor.act("say", text="Hi"))
    for mime, query, _ in FILES:
        await visitor.answered(visitor.send(b"not really", mime, query))
    kinds = [bubble.get("kind", "text") for bubble in visitor.bubbles.values() if bubble["mine"]]
    assert kinds == ["text", *(kind for _, _, kind in FILES)]


async def test_a_message_is_rewritten_and_taken_back(open_demo: Open, tmp_path: Path) -> None:
    visitor = await open_demo(tmp_path / "d")
    await visitor.answered(visitor.act("say", text="Hi"))
    await visitor.answered(visitor.tap("English"))
    await visitor.answered(visitor.tap("Illegal mining"))
    await visitor.answered(visitor.act("say", text="sand at nigth"))
    said = next(id_ for id_, bubble in visitor.bubbles.items() if bubble.get("text") == "sand at nigth")
    assert await visitor.act("edit", message=said, text="sand at night") == 204
    assert (visitor.bubbles[said]["text"], visitor.bubbles[said]["edited"]) == ("sand at night", True)
    assert await visitor.act("revoke", message=said) == 204
    assert visitor.bubbles[said]["deleted"]
    assert "text" not in visitor.bubbles[said]
    assert await visitor.act("edit", message=said, text="again") == 404


async def test_what_a_phone_cannot_do_is_refused(open_demo: Open, tmp_path: Path) -> None:
    visitor = await open_demo(tmp_path / "d")
    await visitor.answered(visitor.act("say", text="Hi"))
    await visitor.answered(visitor.send(samples.photograph("pickup"), "image/jpeg"))
    photo = next(id_ for id_, bubble in visitor.bubbles.items() if bubble.get("kind") == "image")
    assert await visitor.act("tap", message=visitor.heard[0]["id"], token="no such") == 404
    assert await visitor.act("tap", message="no such", token="x") == 404
    assert await visitor.act("edit", message=photo, text="x") == 404
    assert await visitor.act("revoke", message=visitor.heard[0]["id"]) == 404
    assert await visitor.act("say", phone="99", text="x") == 404
    assert await visitor.act("dance") == 400
    assert await visitor.post("/phones/1/whatsapp", b"{") == 400
    assert await visitor.post("/phones/1/whatsapp", b"x" * 70_000) == 413
    assert await visitor.post("/search", b"  ") == 400


async def test_other_pages_cannot_use_the_phones(open_demo: Open, tmp_path: Path) -> None:
    visitor = await open_demo(tmp_path / "d")
    act = {"act": "say", "text": "Hi"}
    assert await visitor.post("/phones/1/whatsapp", act, {"Sec-Fetch-Site": "cross-site"}) == 403
    assert await visitor.post("/phones/1/whatsapp", act, {"Origin": "http://elsewhere.example"}) == 403
    assert visitor.bubbles == {}


async def test_the_page_is_strict_and_brings_all_it_needs(open_demo: Open, tmp_path: Path) -> None:
    visitor = await open_demo(tmp_path / "d")
    async with visitor.session.get(visitor.url) as page:
        html = await page.text()
        assert "script-src 'self'" in page.headers["Content-Security-Policy"]
        assert "microphone=(self)" in page.headers["Permissions-Policy"]
    assert "http:" not in html
    assert "https:" not in html
    for name in ("main.js", "page.css", "wallpaper.svg"):
        async with visitor.session.get(f"{visitor.url}/static/{name}") as part:
            assert (part.status, part.headers["X-Content-Type-Options"]) == (200, "nosniff")
    status, photo = await visitor.fetch("/samples/pickup")
    assert (status, photo[:2]) == (200, b"\xff\xd8")
    assert (await visitor.fetch("/samples/nothing"))[0] == 404
    words = await visitor.get("/words")
    assert (words["hi"]["category.INTOX"], words["en"]["unit.lanka"]) == ("अवैध शराब / नशा", "Lanka")


async def test_what_a_visitor_sends_never_runs_as_a_page(open_demo: Open, tmp_path: Path) -> None:
    visitor = await open_demo(tmp_path / "d")
    await visitor.send(b"<script>alert(1)</script>", "text/html")
    [sent] = [id_ for id_, bubble in visitor.bubbles.items() if bubble["mine"]]
    async with visitor.session.get(f"{visitor.url}/phones/1/whatsapp/files/{sent}") as answer:
        assert answer.headers["Content-Security-Policy"].startswith("sandbox")


async def test_phones_are_added_until_the_drawer_is_empty(open_demo: Open, tmp_path: Path) -> None:
    visitor = await open_demo(tmp_path / "d")
    assert [await visitor.post("/phones", b"") for _ in range(19)] == [200] * 18 + [409]
    assert await visitor.act("say", phone="20", text="Hi") == 204


async def test_a_desk_knows_only_its_own(open_demo: Open, tmp_path: Path) -> None:
    visitor = await open_demo(tmp_path / "d")
    for path in ("/desks/sp/NONE-NONE", "/desks/nobody/NONE-NONE", "/desks/sp/NONE-NONE/1"):
        assert (await visitor.fetch(path))[0] == 404


async def test_a_tip_opens_though_a_file_of_it_was_altered_or_erased(open_demo: Open, tmp_path: Path) -> None:
    visitor = await open_demo(tmp_path / "d")
    await visitor.file_tip(samples.photograph("pickup"))
    [line, _] = await _arrived(visitor)
    sealed = [path for path in (tmp_path / "d" / "evidence").rglob("*") if path.is_file()]
    for spoil in (_alter, Path.unlink):
        for path in sealed:
            spoil(path)
        [file] = (await visitor.get(f"/desks/sp/{line['number']}"))["files"]
        assert file["problem"] == "the file was altered or erased"
        assert (await visitor.fetch(f"/desks/sp/{line['number']}/1"))[0] == 404


def _alter(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


async def test_a_thief_finds_nothing_and_sees_sealed_rows(open_demo: Open, tmp_path: Path) -> None:
    folder = tmp_path / "d"
    visitor = await open_demo(folder)
    await visitor.file_tip(samples.photograph("pickup"))
    [line, _] = await _arrived(visitor)
    for words in (visitor.state["phones"][0]["number"], "Citizen 1", TOLD, "DT-9 of Ramesh"):
        assert (await _search(visitor, words))["found"] == 0
    assert (await _search(visitor, line["number"]))["found"] > 0  # the number tells nothing, and is found
    (folder / "planted").write_bytes(b"..." + TOLD.encode().hex().encode())
    assert (await _search(visitor, TOLD))["found"] == 1
    tables = {table["table"]: table for table in await visitor.get("/database")}
    assert tables["envelope"]["count"] == 3  # of both desks and of the police system
    assert b"age-encryption"[:4].hex() == tables["tip"]["rows"][0]["document"][:8]


async def _search(visitor: Any, words: str) -> Any:
    headers = {"Sec-Fetch-Site": "same-origin"}
    async with visitor.session.post(f"{visitor.url}/search", data=words.encode(), headers=headers) as answer:
        return await answer.json()


async def test_a_restart_keeps_desks_keys_number_and_tips(open_demo: Open, tmp_path: Path) -> None:
    folder = tmp_path / "d"
    names = ("edge.key", "demo.json", "officers/sp.txt", "officers/dig.txt")
    first = await open_demo(folder)
    await first.file_tip(samples.photograph("pickup"))
    [line, _] = await _arrived(first)
    kept = [(folder / name).read_bytes() for name in names]
    await first.leave()
    again = await open_demo(folder)
    await again.until(lambda: all(again.desks.values()))
    assert [(folder / name).read_bytes() for name in names] == kept
    assert again.desks["dig"][0]["number"] == line["number"]
    assert {stat.S_IMODE((folder / name).stat().st_mode) for name in names} == {0o600}


async def test_settings_given_for_whatsapp_replace_the_simulator(
    open_demo: Open, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("APP_SECRET", "VERIFY_TOKEN", "ACCESS_TOKEN"):
        monkeypatch.setenv(f"SATARK_WHATSAPP__{name}", "from-the-environment")
    monkeypatch.setenv("SATARK_WHATSAPP__PHONE_NUMBER_ID", "4711")
    monkeypatch.setenv("SATARK_WHATSAPP__GRAPH_URL", "http://127.0.0.1:9")
    visitor = await open_demo(tmp_path / "d")
    assert [list(phone["chats"]) for phone in visitor.state["phones"]] == [["telegram", "sms", "voice"]] * 2
    assert await visitor.act("say", text="Hi") == 404
    hook = f"{visitor.url.removesuffix('/simulator')}/whatsapp/webhook"
    asked = {"hub.mode": "subscribe", "hub.challenge": "77", "hub.verify_token": "from-the-environment"}
    async with visitor.session.get(hook, params=asked) as answer:
        assert (answer.status, await answer.text()) == (200, "77")
