"""Files at the desk: clean copies and previews are streamed, and nothing runs or stores them."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from httpx2 import Client

from satark.api.routing import Desk
from satark.casework import Casework
from satark.services import Services
from satark.store.workspace import workspace_dir
from support.altering import altered
from support.tips import SeededTip, seed_file, seed_tip

Browser = Callable[..., Client]
FindDesk = Callable[[str], Desk]
Cases = Callable[[str], Casework]


@pytest.mark.parametrize(
    "shown",
    [
        ("1", "image/jpeg", "inline", b"clean one"),
        ("2", "video/mp4", "inline", b"clean two"),
        ("3", "application/octet-stream", "attachment", b"<svg onload=alert(3)>"),
    ],
)
def test_clean_copies_are_streamed_with_headers_that_let_nothing_run(
    shown: tuple[str, str, str, bytes], browser: Browser, full_tip: SeededTip
) -> None:
    ordinal, media_type, disposition, body = shown
    client = browser("sp")
    answer = client.get(f"/desk/tips/{full_tip.number}/files/{ordinal}")
    assert (answer.status_code, answer.content, answer.headers["content-type"]) == (200, body, media_type)
    assert answer.headers["content-disposition"].startswith(f'{disposition}; filename="{full_tip.number}-{ordinal}')
    assert answer.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-store"
    part = client.get(f"/desk/tips/{full_tip.number}/files/{ordinal}", headers={"range": "bytes=1-3"})
    assert (part.status_code, part.content, part.headers["content-range"]) == (206, body[1:4], f"bytes 1-3/{len(body)}")
    saved = client.get(f"/desk/tips/{full_tip.number}/files/{ordinal}?download=1")
    assert saved.headers["content-disposition"].startswith("attachment")


def test_no_page_and_no_file_says_whether_its_content_changed(browser: Browser, full_tip: SeededTip) -> None:
    """An ETag is a hash of the content, and a date tells when; a cache or a proxy would keep both."""
    client, place = browser("sp"), f"/desk/tips/{full_tip.number}"
    for path in ("/desk/", place, f"{place}/files/1", f"{place}/files/1?download=1", f"{place}/previews/1"):
        answer = client.get(path)
        assert not {"etag", "last-modified", "expires", "age", "server"} & set(answer.headers)
        assert answer.headers["cache-control"] == "no-store"


def test_the_page_shows_previews_of_files(
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
    viewed = [(file, entry.form) for file, entry in log if entry.action == "viewed"]
    assert viewed == [(ordinal, "preview") for ordinal in "1234"]


def test_a_large_file_is_streamed_completely_and_leaves_no_plain_text(
    services: Services, browser: Browser, desk: FindDesk
) -> None:
    seeded = seed_tip(services, [desk("sp")], evidence=("1",))
    clean = bytes(range(256)) * 4096
    seed_file(services, seeded, "1", b"original", clean)
    assert browser("sp").get(f"/desk/tips/{seeded.number}/files/1").content == clean
    assert list(workspace_dir(services.evidence_dir.parent).iterdir()) == []


@pytest.mark.parametrize("ordinal", ["5", "6", "7", "8", "x"])
def test_a_missing_file_is_an_error_page(ordinal: str, browser: Browser, full_tip: SeededTip) -> None:
    answer = browser("sp").get(f"/desk/tips/{full_tip.number}/files/{ordinal}")
    assert answer.status_code == 404
    assert "no such tip or file" in answer.text


@pytest.mark.parametrize("gone", [True, False])
def test_an_altered_or_erased_file_is_an_error_page(
    gone: bool,  # noqa: FBT001 - pytest's
    services: Services,
    browser: Browser,
    full_tip: SeededTip,
) -> None:
    (path,) = services.evidence_dir.glob("*-1.clean.age")
    path.write_bytes(altered(path.read_bytes()))
    if gone:
        path.unlink()
    answer = browser("sp").get(f"/desk/tips/{full_tip.number}/files/1")
    assert answer.status_code == 409
    assert "altered or removed" in answer.text
