"""Uploads in a real browser: sent when chosen, over a lost connection, and recorded."""

from __future__ import annotations

import os
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any, TypeAlias

import pytest
from axe_playwright_python.async_playwright import Axe  # type: ignore[import-untyped] # it ships no types
from playwright.async_api import Browser, BrowserContext, Page, expect

from satark_testing.processes.service import Service
from support.processes.forked import ForkedService

pytestmark = pytest.mark.needs("chromium")

Until: TypeAlias = Callable[[Callable[[], Awaitable[object]]], Awaitable[None]]
PHONE = {"width": 360, "height": 740}


@pytest.fixture
async def service(tmp_path: Path) -> AsyncIterator[Service]:
    """Start a service with the form and the desk alone."""
    environment = {"SATARK_PLUGINS": '["web_form", "desk"]', "SATARK_WEB_FORM__UPLOAD_RESERVE_BYTES": "0"}
    made = ForkedService(tmp_path / "data", environment)
    made.run("db", "upgrade")
    async with made:
        yield made


@pytest.fixture(scope="module")
def browser_arguments(browser_arguments: list[str]) -> list[str]:
    """Allow the microphone without a prompt."""
    return [*browser_arguments, "--use-fake-ui-for-media-stream"]


async def open_what_question(context: BrowserContext, url: str, problems: list[str], language: str = "English") -> Page:
    """Go to the question about the present events, which a recording may answer."""
    page = await context.new_page()
    page.on("pageerror", lambda error: problems.append(str(error)))
    page.on("console", lambda message: problems.append(message.text) if "ERR_INTERNET" not in message.text else None)
    page.on("request", lambda request: None if request.url.startswith((url, "blob:")) else problems.append(request.url))
    await page.goto(url)
    await page.get_by_role("button", name=language).click()
    await page.get_by_role("radio").first.check()
    await page.locator(".actions button").click()
    await expect(page.locator("textarea")).to_be_visible()
    await expect(page.locator("[data-recorder]")).to_be_visible()  # the script has run
    return page


async def accessibility_violations(page: Page) -> list[Any]:
    """Return what axe finds on a page."""
    found = await Axe().run(page, options={"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]})
    return [violation["id"] for violation in found.response["violations"]]


@pytest.mark.full("a large file")
async def test_a_large_file_survives_a_lost_connection_and_the_form_follows(
    service: Service, chromium: Browser, tmp_path: Path, until: Until
) -> None:
    async def is_evidence() -> bool:
        waiting = list(service.folder.glob("web_form/uploads/*/*"))
        return bool(list(service.folder.glob("evidence/*.original.age"))) and not waiting

    (tmp_path / "IMG_SECRET_NAME.mp3").write_bytes(os.urandom(99_000_000))
    problems: list[str] = []
    context = await chromium.new_context(viewport=PHONE, locale="en-IN")  # type: ignore[arg-type]
    page = await open_what_question(context, service.url, problems)
    item = page.locator("[data-list] li")
    await page.locator("input[type=file]").set_input_files(tmp_path / "IMG_SECRET_NAME.mp3")
    await context.set_offline(True)
    await expect(item).to_have_attribute("data-state", "waiting")
    assert await accessibility_violations(page) == []
    await context.set_offline(False)
    await expect(item).to_have_attribute("data-state", "sent")
    await expect(item.get_by_role("status")).to_have_text("Uploaded")
    assert await page.locator("input[type=file]").evaluate("input => input.files.length") == 0
    assert await accessibility_violations(page) == []
    await page.get_by_role("button", name="Continue").click()
    await expect(page.locator("textarea")).not_to_be_visible()
    await until(is_evidence)
    assert problems == []
    assert b"IMG_SECRET_NAME" not in b"".join(
        path.read_bytes() for path in service.folder.rglob("*") if path.is_file() and path.stat().st_size < 10_000_000
    )


async def test_a_voice_message_is_recorded_and_deleted_and_a_place_is_tapped(
    service: Service, chromium: Browser
) -> None:
    problems: list[str] = []
    context = await chromium.new_context(viewport=PHONE, locale="en-IN", permissions=["microphone"])  # type: ignore[arg-type]
    page = await open_what_question(context, service.url, problems)
    for _ in range(2):
        await page.get_by_role("button", name="Record a voice message here").click()
        await expect(page.locator("[data-time]")).to_have_text("0:01")
        await page.get_by_role("button", name="Stop recording").click()
    items = page.locator("[data-list] li[data-state=sent]")
    await expect(items).to_have_count(2)
    await items.first.get_by_role("button", name="Erase").click()
    await expect(items).to_have_count(1)
    assert await accessibility_violations(page) == []
    await page.get_by_role("button", name="Continue").click()
    await expect(page.locator("textarea")).not_to_be_visible()
    await page.locator("details.map summary").click()
    await page.locator("[data-map] svg").click(position={"x": 120, "y": 150})
    assert float(await page.locator("[name$='.latitude']").input_value()) > 25
    assert await accessibility_violations(page) == []
    await page.get_by_role("button", name="Continue").click()
    await expect(page.locator("[data-map]")).to_have_count(0)
    assert problems == []


@pytest.mark.full("a browser")
async def test_a_refusal_is_shown_beside_the_file_in_the_chosen_language(
    service: Service, chromium: Browser, tmp_path: Path
) -> None:
    with (tmp_path / "long.mp4").open("wb") as file:
        file.truncate(100_000_001)
    problems: list[str] = []
    context = await chromium.new_context(viewport=PHONE, locale="en-IN")  # type: ignore[arg-type]
    page = await open_what_question(context, service.url, problems, "हिन्दी")
    await page.locator("input[type=file]").set_input_files(tmp_path / "long.mp4")
    item = page.locator("[data-list] li")
    await expect(item).to_have_attribute("data-state", "refused")
    await expect(item.get_by_role("status")).to_contain_text("बड़ी")
    await item.get_by_role("button", name="मिटाएँ").click()
    await expect(item).to_have_count(0)


@pytest.mark.full("a proof of work")
async def test_beyond_the_free_budget_the_browser_solves_a_proof_first(chromium: Browser, tmp_path: Path) -> None:
    scarce = {"FREE_DRAFTS_PER_MINUTE": "1", "FREE_UPLOADS_PER_MINUTE": "1", "PROOF_GUESSES": "2"}
    environment = {f"SATARK_WEB_FORM__{name}": value for name, value in scarce.items()}
    service = ForkedService(tmp_path / "data", {"SATARK_PLUGINS": '["web_form", "desk"]', **environment})
    service.run("db", "upgrade")
    problems: list[str] = []
    files = [tmp_path / f"{number}.jpg" for number in range(3)]
    for file in files:
        file.write_bytes(b"photo" * 1000)
    async with service:
        for _ in range(2):  # the first draft is free
            context = await chromium.new_context(viewport=PHONE, locale="en-IN")  # type: ignore[arg-type]
            page = await context.new_page()
            page.on("pageerror", lambda error: problems.append(str(error)))
            await page.goto(service.url)
            if await page.get_by_role("alert").count():  # it asks for work, which the browser does by itself
                assert await accessibility_violations(page) == []
            await page.get_by_role("button", name="English").click()
            await expect(page.get_by_role("radio").first).to_be_visible()
        await page.get_by_role("radio").first.check()
        await page.locator(".actions button").click()
        for count, file in enumerate(files, 1):
            await page.locator("input[type=file]").set_input_files(file)
            await expect(page.locator("[data-list] li")).to_have_count(count)
        await expect(page.locator("[data-list] li[data-state=sent]")).to_have_count(3)
    assert problems == []
