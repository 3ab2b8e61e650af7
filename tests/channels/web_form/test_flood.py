"""A flood of drafts, files or mailbox tickets costs its authors work, and prevents nobody from telling."""

from __future__ import annotations

import base64
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from io import BytesIO
from pathlib import Path
from urllib.parse import urlencode

import aiohttp
import altcha
import pytest

from satark.identity.edge_key import keyed_hash, load_edge_key
from satark_web_form.proof_of_work.proof_of_work import ProofOfWork
from satark_web_form.settings import ProofOfWorkSettings
from support.form.citizen import FormCitizen
from support.form.service import FormService, form_service

pytestmark = pytest.mark.slow("a host")

FORM = {"content-type": "application/x-www-form-urlencoded"}
TUS = {"tus-resumable": "1.0.0", "upload-length": "3", "sec-fetch-site": "same-origin"}
EASY: Mapping[str, object] = {"proof_cost": 1000, "proof_guesses": 2, "proof_wait_seconds": 0}
SCARCE: Mapping[str, object] = {**EASY, "free_drafts_per_minute": 1, "free_uploads_per_minute": 1}


@asynccontextmanager
async def served(folder: Path, section: Mapping[str, object]) -> AsyncIterator[FormService]:
    async with form_service(folder, section) as service:
        yield service


@pytest.fixture
async def scarce(tmp_path: Path) -> AsyncIterator[FormService]:
    """A service with hardly anything free."""
    async with served(tmp_path, SCARCE) as service:
        yield service


async def begin(service: FormService, **fields: str) -> tuple[int, str]:
    """Choose a language, as a browser without a cookie does. Return the status and the page."""
    body = urlencode({"language": "en", **fields})
    headers = {**FORM, "sec-fetch-site": "same-origin"}
    async with (
        aiohttp.ClientSession() as client,
        client.post(f"{service.url}/", data=body, headers=headers, allow_redirects=False) as answer,
    ):
        return answer.status, await answer.text()


async def test_beyond_the_free_budget_a_draft_needs_a_proof_of_work_or_a_ticket(scarce: FormService) -> None:
    assert (await begin(scarce))[0] == 303
    refused = [await begin(scarce) for _ in range(5)]
    assert {status for status, _ in refused} == {422}
    assert "Press the button once more" in refused[0][1]
    assert "data-challenge" in refused[0][1]
    assert (await begin(scarce, proof="made up"))[0] == 422


async def test_a_browser_without_javascript_can_begin_a_draft(scarce: FormService) -> None:
    for _ in range(3):
        async with FormCitizen(scarce.url, "en") as citizen:
            await citizen.begin()
            if "once more" in citizen.page.text:
                await citizen.press("English")
            assert citizen.asked == "category"


async def test_an_expired_drafts_answer_stays_on_the_page_that_asks_for_a_proof(scarce: FormService) -> None:
    await begin(scarce)
    async with FormCitizen(scarce.url, "en") as citizen:
        body = urlencode({"question": "category", "a.category": "INTOX", "language": "en"}).encode()
        page = await citizen.post("/form/1", BytesIO(body), **FORM)
        assert page.status == 422
        assert 'value="INTOX" checked' in page.html
        assert "data-challenge" in page.html


async def test_a_browser_without_a_draft_stores_no_file(scarce: FormService) -> None:
    form = aiohttp.FormData({"question": "evidence"})
    form.add_field("files", b"x" * 100_000, filename="a", content_type="image/jpeg")
    headers = {"sec-fetch-site": "same-origin"}
    async with aiohttp.ClientSession() as client, client.post(f"{scarce.url}/form/5", data=form, headers=headers):
        pass
    assert not list((scarce.folder / "web_form").rglob("*.age"))


async def test_beyond_the_free_budget_a_draft_needs_one_proof_for_all_its_files(scarce: FormService) -> None:
    async with aiohttp.ClientSession(cookie_jar=aiohttp.CookieJar(unsafe=True)) as client:
        headers = {**FORM, "sec-fetch-site": "same-origin"}
        async with client.post(f"{scarce.url}/", data="language=en", headers=headers):
            pass

        async def create(**more: str) -> aiohttp.ClientResponse:
            async with client.post(f"{scarce.url}/uploads/", headers={**TUS, **more}) as answer:
                await answer.read()
                return answer

        assert (await create()).status == 201
        refused = await create()
        assert refused.status == 428
        work = json.loads((await refused.json())["challenge"])
        assert (await create(**{"satark-proof": "made up"})).status == 428
        assert (await create(**{"satark-proof": solved(work)})).status == 201
        assert (await create()).status == 201, "one proof a draft"


def solved(work: dict[str, object]) -> str:
    solution = altcha.solve_challenge(altcha.Challenge.from_dict(work))
    assert solution
    proof = json.dumps({"challenge": work, "solution": solution.to_dict()})
    return base64.b64encode(proof.encode()).decode()


async def test_requests_at_the_mailbox_do_not_use_up_the_budget_of_tips(tmp_path: Path) -> None:
    section = {**EASY, "proof_waits_per_minute": 60}
    async with served(tmp_path, section) as service, FormCitizen(service.url, "en") as citizen:
        await citizen.to_review()
        for _ in range(62):
            ticket = _proof_of(service).challenge("mailbox").ticket
            fields = urlencode({"code": "1234 5678 9012 3456", "proof": ticket})
            headers = {**FORM, "sec-fetch-site": "same-origin"}
            async with (
                aiohttp.ClientSession() as client,
                client.post(f"{service.url}/status", data=fields, headers=headers),
            ):
                pass
        await citizen.press("Send")
        assert citizen.code


def _proof_of(service: FormService) -> ProofOfWork:
    """Return the proof of work of another process of the same installation."""
    folder = service.folder / "web_form"
    name_key = load_edge_key(service.folder / "name.key", create=False)
    key = keyed_hash(name_key)(b"secret key\0web_form/proof_of_work.key")
    return ProofOfWork(key, folder / "proof_of_work", ProofOfWorkSettings.model_validate(EASY))
