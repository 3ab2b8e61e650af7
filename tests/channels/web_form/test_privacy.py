"""After fifty tips by fifty browsers, nothing stored identifies a tipster."""

from __future__ import annotations

import asyncio

import pytest

from satark_testing.dialogue.walking import Photo
from satark_testing.identifier_search import files_below, rows_of, search
from support.form.citizen import SHORT, FormCitizen
from support.form.service import FormService

pytestmark = pytest.mark.slow("a host")

AGENT = "Mozilla-of-Ramesh/5.0 (Linux; Redmi Note 9 Pro)"
FILE = "IMG-20261124-WA0042"
REFERRER = "https://search.example/?q=inform+police"
ADDRESS = "203.0.113.77"
STATEMENT = "They sell country liquor behind the temple of this village"
TIPS = 50


async def file_tip_and_draft(served: FormService, number: int, jpeg: bytes) -> tuple[str, dict[str, str]]:
    """File a tip on one page, open its mailbox and leave a draft. Return the tip's number and the secrets."""
    headers = {"user-agent": AGENT, "referer": REFERRER, "x-forwarded-for": ADDRESS, "x-real-ip": ADDRESS}
    async with FormCitizen(served.url, "en", headers) as citizen:
        await citizen.begin()
        await citizen.open("/all")
        await citizen.press(
            "Continue", {f"a.{s}": v for s, v in {**SHORT, "what": f"{STATEMENT} {number}"}.items() if v}
        )
        await citizen.press("Continue", {}, [Photo(jpeg)] if number % 10 == 0 else [])
        secrets = {f"draft cookie {number}": citizen.cookies["satark-form"]}
        await citizen.press("Send")
        found, code = citizen.number, citizen.code
        await citizen.press("I have written it down, close")
        await citizen.open_mailbox(code)
        await citizen.press("Send", {"message": f"{STATEMENT} again"})
        secrets[f"code {number}"] = code
        secrets[f"digits {number}"] = code.replace(" ", "")
        await citizen.begin()
        return found, secrets


@pytest.mark.full("fifty tips")
async def test_after_fifty_tips_nothing_identifies_the_tipsters(
    served: FormService, jpeg: bytes, capfd: pytest.CaptureFixture[str]
) -> None:
    slots = asyncio.Semaphore(10)

    async def one(number: int) -> tuple[str, dict[str, str]]:
        async with slots:
            return await file_tip_and_draft(served, number, jpeg)

    filed = await asyncio.gather(*(one(number) for number in range(TIPS)))
    for number, _ in filed:
        await served.tip(number)
    secrets = {"agent": AGENT, "referrer": REFERRER, "address": ADDRESS, "file name": FILE, "statement": STATEMENT}
    for _, own in filed:
        secrets |= own
    settings = served.host.settings
    places = files_below(served.folder) | rows_of(settings.database_url, settings.keys_url)
    output = capfd.readouterr()
    places |= {"log": (output.out + output.err).encode(), "metrics": served.host.metrics.render()}
    # The demo stores its officers' passphrases there on purpose; they identify no tipster.
    assert len(places) > 10
    assert search(places, secrets) == []
    assert not [place for place, content in places.items() if jpeg[300:332] in content]


async def test_the_same_search_finds_a_planted_cookie(served: FormService) -> None:
    async with FormCitizen(served.url, "en") as citizen:
        await citizen.begin()
        planted = citizen.cookies["satark-form"]
    (served.folder / "note").write_text(planted)
    assert search(files_below(served.folder), {"cookie": planted})
