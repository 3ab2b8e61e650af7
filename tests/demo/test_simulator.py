"""The simulator's HTTP interface, through the real webhook and a simulated Meta."""

from __future__ import annotations

import io
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

from PIL import Image

from satark_demo import samples
from satark_demo.photo_metadata import identifying_metadata

Open = Callable[[Path], Awaitable[Any]]
WHAT = "अस्सी घाट के पीछे वाली गली में रोज़ रात को कच्ची शराब बिकती है"


async def _listed(visitor: Any) -> list[dict[str, Any]]:
    """Wait until both desks have the tip and its file; return what each lists of it."""
    await visitor.until(lambda: [len(tips) for tips in visitor.desks.values()] == [1, 1])
    await visitor.until(lambda: all(tips[0]["files"] == 1 for tips in visitor.desks.values()))
    return [visitor.desks[desk][0] for desk in ("sp", "dig")]


async def test_a_tip_in_hindi_is_opened_at_both_desks(open_demo: Open, tmp_path: Path) -> None:
    visitor = await open_demo(tmp_path / "d")
    code = await visitor.file_tip(samples.photograph("pickup"))
    assert len(code) == 16
    listed = await _listed(visitor)
    assert {(one["category"], one["status"]) for one in listed} == {("INTOX", "RECEIVED")}
    for desk, one in zip(("sp", "dig"), listed, strict=True):
        tip = await visitor.get(f"/desks/{desk}/{one['number']}")
        assert (tip["answers"]["what"], tip["answers"]["police"], tip["language"]) == (WHAT, "no", "hi")
        assert tip["answers"]["place"]["latitude"] == 25.28918
        [file] = tip["files"]
        assert (file["kind"], file["caption"], file["metadata"], file["problem"]) == ("image", "गली", [], "")
        status, clean = await visitor.fetch(f"/desks/{desk}/{one['number']}/{file['ordinal']}")
        assert status == 200
        assert Image.open(io.BytesIO(clean)).size == (960, 720)


async def test_webhooks_posted_twice_make_one_tip_and_one_answer_each(open_demo: Open, tmp_path: Path) -> None:
    visitor = await open_demo(tmp_path / "d")
    await visitor.file_tip(samples.photograph("bottles"), twice=True)
    await _listed(visitor)
    mine = [message for message in visitor.messages.values() if message["mine"]]
    assert len(visitor.received) == len(mine)


async def test_the_phone_shows_read_receipts_and_the_photos_metadata(open_demo: Open, tmp_path: Path) -> None:
    visitor = await open_demo(tmp_path / "d")
    await visitor.answered(visitor.perform("say", text="Hi"))
    await visitor.answered(visitor.send(samples.photograph("pickup"), "image/jpeg"))
    hi, photo = [message for message in visitor.messages.values() if message["mine"]]
    await visitor.until(lambda: visitor.messages[photo["id"]]["ticks"] == "read")
    assert photo["metadata"][0] == "GPS 25.28917, 83.00694"
    status, data = await visitor.fetch(f"/phones/1/whatsapp/files/{photo['id']}")
    assert (status, identifying_metadata(data)) == (200, tuple(photo["metadata"]))
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
    await visitor.answered(visitor.perform("say", text="Hi"))
    for mime, query, _ in FILES:
        await visitor.answered(visitor.send(b"not really", mime, query))
    kinds = [message.get("kind", "text") for message in visitor.messages.values() if message["mine"]]
    assert kinds == ["text", *(kind for _, _, kind in FILES)]


async def test_a_message_is_edited_and_deleted(open_demo: Open, tmp_path: Path) -> None:
    visitor = await open_demo(tmp_path / "d")
    await visitor.answered(visitor.perform("say", text="Hi"))
    await visitor.answered(visitor.tap("English"))
    await visitor.answered(visitor.tap("Illegal mining"))
    await visitor.answered(visitor.perform("say", text="sand at nigth"))
    said = next(id_ for id_, message in visitor.messages.items() if message.get("text") == "sand at nigth")
    assert await visitor.perform("edit", message_id=said, text="sand at night") == 204
    assert (visitor.messages[said]["text"], visitor.messages[said]["edited"]) == ("sand at night", True)
    assert await visitor.perform("revoke", message_id=said) == 204
    assert visitor.messages[said]["deleted"]
    assert "text" not in visitor.messages[said]
    assert await visitor.perform("edit", message_id=said, text="again") == 404


async def test_what_a_phone_cannot_do_is_refused(open_demo: Open, tmp_path: Path) -> None:
    visitor = await open_demo(tmp_path / "d")
    await visitor.answered(visitor.perform("say", text="Hi"))
    await visitor.answered(visitor.send(samples.photograph("pickup"), "image/jpeg"))
    photo = next(id_ for id_, message in visitor.messages.items() if message.get("kind") == "image")
    assert await visitor.perform("tap", message_id=visitor.received[0]["id"], token="no such") == 404
    assert await visitor.perform("tap", message_id="no such", token="x") == 404
    assert await visitor.perform("edit", message_id=photo, text="x") == 404
    assert await visitor.perform("revoke", message_id=visitor.received[0]["id"]) == 404
    assert await visitor.perform("say", phone="99", text="x") == 404
    assert await visitor.perform("dance") == 400
    assert await visitor.post("/phones/1/whatsapp", b"{") == 400
    assert await visitor.post("/phones/1/whatsapp", b"x" * 70_000) == 413
    assert await visitor.post("/search", b"  ") == 400
    assert await visitor.post("/readings", {"step": "review", "lines": "send it"}) == 200
    assert await visitor.post("/readings", {"step": "nothing", "lines": "send it"}) == 400
    assert await visitor.post("/readings", {"step": "review", "lines": 3}) == 400
    assert [one["text"] for one in visitor.readings] == ["Hi"]


async def test_other_pages_cannot_use_the_phones(open_demo: Open, tmp_path: Path) -> None:
    visitor = await open_demo(tmp_path / "d")
    say = {"action": "say", "text": "Hi"}
    assert await visitor.post("/phones/1/whatsapp", say, {"Sec-Fetch-Site": "cross-site"}) == 403
    assert await visitor.post("/phones/1/whatsapp", say, {"Origin": "http://elsewhere.example"}) == 403
    assert visitor.messages == {}


async def test_the_page_has_strict_headers_and_loads_nothing_from_elsewhere(open_demo: Open, tmp_path: Path) -> None:
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
    labels = await visitor.get("/labels")
    assert (labels["hi"]["category.INTOX"], labels["en"]["unit.lanka"]) == ("अवैध शराब / नशा", "Lanka")


async def test_what_a_visitor_sends_never_runs_as_a_page(open_demo: Open, tmp_path: Path) -> None:
    visitor = await open_demo(tmp_path / "d")
    await visitor.send(b"<script>alert(1)</script>", "text/html")
    [sent] = [id_ for id_, message in visitor.messages.items() if message["mine"]]
    async with visitor.session.get(f"{visitor.url}/phones/1/whatsapp/files/{sent}") as answer:
        assert answer.headers["Content-Security-Policy"].startswith("sandbox")


async def test_there_can_be_twenty_phones(open_demo: Open, tmp_path: Path) -> None:
    visitor = await open_demo(tmp_path / "d")
    assert [await visitor.post("/phones", b"") for _ in range(19)] == [200] * 18 + [409]
    assert await visitor.perform("say", phone="20", text="Hi") == 204


async def test_an_unknown_tip_or_desk_is_not_found(open_demo: Open, tmp_path: Path) -> None:
    visitor = await open_demo(tmp_path / "d")
    for path in ("/desks/sp/NONE-NONE", "/desks/nobody/NONE-NONE", "/desks/sp/NONE-NONE/1"):
        assert (await visitor.fetch(path))[0] == 404


async def test_a_tip_opens_though_a_file_of_it_was_altered_or_erased(open_demo: Open, tmp_path: Path) -> None:
    visitor = await open_demo(tmp_path / "d")
    await visitor.file_tip(samples.photograph("pickup"))
    [one, _] = await _listed(visitor)
    sealed = [path for path in (tmp_path / "d" / "evidence").rglob("*") if path.is_file()]
    for damage in (_alter, Path.unlink):
        for path in sealed:
            damage(path)
        [file] = (await visitor.get(f"/desks/sp/{one['number']}"))["files"]
        assert file["problem"] == "the file was altered or erased"
        assert (await visitor.fetch(f"/desks/sp/{one['number']}/1"))[0] == 404


def _alter(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-1])


async def test_the_data_folder_reveals_nothing_and_its_rows_are_sealed(open_demo: Open, tmp_path: Path) -> None:
    folder = tmp_path / "d"
    visitor = await open_demo(folder)
    await visitor.file_tip(samples.photograph("pickup"))
    [one, _] = await _listed(visitor)
    for secret in (visitor.state["phones"][0]["number"], "Citizen 1", WHAT, "DT-9 of Ramesh"):
        assert (await _search(visitor, secret))["found"] == 0
    assert (await _search(visitor, one["number"]))["found"] > 0  # the number reveals nothing, and is stored openly
    (folder / "planted").write_bytes(b"..." + WHAT.encode().hex().encode())
    assert (await _search(visitor, WHAT))["found"] == 1
    tables = {table["table"]: table for table in await visitor.get("/database")}
    assert tables["envelope"]["count"] == 3  # two desks and the police system
    assert b"age-encryption"[:4].hex() == tables["tip"]["rows"][0]["document"][:8]


async def _search(visitor: Any, words: str) -> Any:
    headers = {"Sec-Fetch-Site": "same-origin"}
    async with visitor.session.post(f"{visitor.url}/search", data=words.encode(), headers=headers) as answer:
        return await answer.json()
