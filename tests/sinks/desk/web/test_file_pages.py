"""Files at the desk: clean copies and previews are streamed, and nothing runs or stores them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest
from httpx2 import Client

from satark.api.providers import DraftFault, NoDraft
from satark.api.routing import Desk
from satark.casework import Casework
from satark.roster.chain import append
from satark.roster.entries import Entry, OfficerSet
from satark.services import DeskContext, Services
from satark.store.workspace import workspace_dir
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.officers import NewOfficer, add_officer
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
    assert list(workspace_dir(services.data_dir).iterdir()) == []


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
    (path,) = (services.data_dir / "evidence").glob("*-1.clean.age")
    path.write_bytes(altered(path.read_bytes()))
    if gone:
        path.unlink()
    answer = browser("sp").get(f"/desk/tips/{full_tip.number}/files/1")
    assert answer.status_code == 409
    assert "altered or removed" in answer.text


class Recogniser:
    """A speech recogniser, as a plugin hands one over."""

    name = "echo 1.0"
    languages = frozenset({"hi"})

    def __init__(self, says: str = "", fault: DraftFault | None = None) -> None:
        self.says, self.fault = says, fault
        self.heard = b""

    def transcribe(self, recording: Path, language: str) -> str:
        self.heard = recording.read_bytes()
        if self.fault:
            raise NoDraft(self.fault)
        if not self.says:
            raise ValueError(language)
        return f" {self.says} "


@pytest.fixture
def spoken(services: Services, desk: FindDesk) -> SeededTip:
    """A spoken tip, at the SP's desk and at a station's."""
    seeded = seed_tip(services, [desk("sp"), desk("lanka")], answers={"what": {"voice": "1"}}, evidence=("1",))
    seed_file(
        services, seeded, "1", b"voice", b"clean", disguised=b"disguised", kind="voice", mime="audio/ogg", role="what"
    )
    return seeded


def address(tip: SeededTip, path: str = "voices/1") -> str:
    return f"/desk/tips/{tip.number}/{path}"


def test_the_head_of_a_desk_can_hear_a_disguised_voice(browser: Browser, spoken: SeededTip) -> None:
    client = browser("sp")
    page = client.get(address(spoken, "")[:-1]).text
    assert f'<audio src="{address(spoken)}"' in page
    assert "a laboratory might" in page
    assert "Nobody has transcribed this recording yet" in page
    heard = client.get(address(spoken))
    assert (heard.status_code, heard.content, heard.headers["content-type"]) == (200, b"disguised", "audio/ogg")
    assert heard.headers["cache-control"] == "no-store"
    assert "filename" not in heard.headers["content-disposition"]


def test_no_other_address_returns_a_voice(browser: Browser, spoken: SeededTip) -> None:
    client = browser("sp")
    assert client.get(address(spoken, "files/1")).status_code == 404
    assert client.get(address(spoken, "files/1?download=1")).status_code == 404
    assert address(spoken, "files/1") not in client.get(address(spoken, "")[:-1]).text


@pytest.fixture
def reader(browser: Browser, services: Services, unlocked: Callable[[str], UnlockedDesk]) -> Client:
    """An officer of the SP's desk who may not listen."""
    add_officer(services, unlocked("sp"), NewOfficer(name="reader", passphrase="reader passphrase"))
    client = browser()
    client.post("/desk/sign-in", data={"desk": "sp", "officer": "reader", "passphrase": "reader passphrase"})
    return client


def test_other_officers_work_from_the_transcript(
    browser: Browser, reader: Client, spoken: SeededTip, casework: Cases
) -> None:
    page = reader.get(address(spoken, "")[:-1]).text
    assert ("<audio" in page, "Not transcribed yet" in page) == (False, True)
    assert reader.get(address(spoken)).status_code == 404
    assert reader.post(address(spoken), data={"text": "invented"}).status_code == 404
    browser("sp").post(address(spoken), data={"text": "रात को ट्रक आता है"})
    page = reader.get(address(spoken, "")[:-1]).text
    assert page.count("रात को ट्रक आता है") == 2, "at the answer that it gives and at the file: the station has the tip"
    assert '<textarea name="text" rows="6"' not in page


def test_a_station_can_only_read_a_transcript_even_if_its_row_says_otherwise(
    browser: Browser, services: Services, spoken: SeededTip
) -> None:
    browser("sp").post(address(spoken), data={"text": "रात को ट्रक आता है"})
    lanka = services.roster_state().desks["lanka"].officers["lanka-1"]
    body = OfficerSet(desk="lanka", officer=msgspec.structs.replace(lanka, rights=("listen", "release")))
    services.write_now(lambda unit: append(unit, Entry(body=body)))
    client = browser("lanka")
    page = client.get(address(spoken, "")[:-1]).text
    assert ("nodownload" in page, "रात को ट्रक" in page) == (False, True)
    assert client.get(address(spoken)).status_code == 404


def test_a_transcript_is_saved_once_and_can_be_corrected(browser: Browser, spoken: SeededTip, casework: Cases) -> None:
    client = browser("sp")
    form = {"text": "पहला", "once": "a"}
    for _ in range(2):
        shown = client.post(address(spoken), data=form)
        assert "The transcript is saved" in shown.text
    client.post(address(spoken), data={"text": "दूसरा", "once": "b"})
    tip = casework("sp").open(spoken.number)
    assert [posted.message.text for posted in tip.thread] == ["पहला", "दूसरा"]
    assert tip.transcript("1") == "दूसरा"


@pytest.mark.parametrize(("text", "message"), [(" ", "Write what is said"), ("x" * 5001, "5000")])
def test_an_invalid_transcript_is_shown_again_with_its_text(
    text: str, message: str, browser: Browser, spoken: SeededTip
) -> None:
    answer = browser("sp").post(address(spoken), data={"text": text})
    assert answer.status_code == 422
    assert message in answer.text
    assert text.strip() in answer.text


def test_a_machines_draft_is_put_into_the_form_and_not_saved(
    browser: Browser, context: DeskContext, spoken: SeededTip, casework: Cases
) -> None:
    client, machine = browser("sp"), Recogniser("मशीन ने सुना")
    assert 'name="draft"' not in client.get(address(spoken, "")[:-1]).text
    context.transcribers = (machine,)
    client = browser("sp")
    assert 'name="draft"' in client.get(address(spoken, "")[:-1]).text
    page = client.post(address(spoken), data={"draft": "yes", "text": ""}).text
    assert ">मशीन ने सुना</textarea>" in page
    assert "not saved yet" in page
    assert machine.heard == b"clean", "a machine is not fooled, and it tells nobody"
    work = casework("sp")
    assert work.open(spoken.number).transcript("1") == ""
    drafted = [
        row.entry for row in work.custody(work.open(spoken.number)) if row.entry and row.entry.action == "drafted"
    ]
    assert [(entry.officer, entry.tool) for entry in drafted] == [("sp-1", "echo 1.0")]
    assert list(workspace_dir(context.data_dir).iterdir()) == []


def test_a_failed_draft_shows_a_message_and_keeps_the_typed_text(
    browser: Browser, context: DeskContext, spoken: SeededTip
) -> None:
    context.transcribers = (Recogniser(),)
    page = browser("sp").post(address(spoken), data={"draft": "yes", "text": "half"}).text
    assert "No draft could be made" in page
    assert ">half</textarea>" in page


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("busy", ("Another draft is being made", "एक और मसौदा बन रहा है")),
        ("late", ("took too long", "बहुत समय लगा")),
        ("killed", ("was broken off", "बीच में रुक गया")),
        ("setup", ("satark check", "satark check")),
        ("failed", ("No draft could be made", "मसौदा नहीं बन सका")),
    ],
)
def test_the_officer_reads_why_there_is_no_draft(
    browser: Browser, context: DeskContext, spoken: SeededTip, reason: DraftFault, words: tuple[str, str]
) -> None:
    context.transcribers = (Recogniser(fault=reason),)
    client = browser("sp")
    assert words[0] in client.post(address(spoken), data={"draft": "yes", "text": ""}).text
    client.post("/desk/language", data={"language": "hi", "next": ""})
    assert words[1] in client.post(address(spoken), data={"draft": "yes", "text": ""}).text
