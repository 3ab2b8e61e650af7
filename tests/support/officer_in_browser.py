"""An officer at the desk in a real browser, who acts on tips as a person does and reads the results."""

from __future__ import annotations

from typing import TYPE_CHECKING

from satark_testing.waiting import LIMIT_SECONDS, limit

if TYPE_CHECKING:
    from playwright.async_api import Browser, Locator, Page

_NEWS = "main .notice.good"
"""Selector of the notice that a page shows after an act."""


class OfficerInBrowser:
    """One officer in a separate browser context.

    Args:
        page: a page of that context.
        address: URL of the desk's pages, without a slash at the end.
    """

    def __init__(self, page: Page, address: str) -> None:
        self.page = page
        self.problems: list[str] = []
        """Warnings and errors of the browser."""
        self._address = address
        page.set_default_timeout(LIMIT_SECONDS * 1000)
        page.on("console", lambda said: self.problems.extend([said.text] if said.type in {"warning", "error"} else []))
        page.on("pageerror", lambda error: self.problems.append(str(error)))

    @classmethod
    async def open_browser(cls, browser: Browser, address: str, *, locale: str = "en-IN") -> OfficerInBrowser:
        """Open a browser context for an officer, without a session."""
        return cls(await (await browser.new_context(locale=locale)).new_page(), address)

    async def sign_in_first(self, desk: str, officer: str, temporary: str, passphrase: str) -> None:
        """Sign in with a passphrase that somebody else set, and replace it with a new one."""
        await self._open("")
        await self._send(desk=desk, officer=officer, passphrase=temporary)
        await self._send(old=temporary, new=passphrase, again=passphrase)
        await self.page.locator(_NEWS).wait_for()

    async def _open(self, path: str) -> None:
        answer = await self.page.goto(f"{self._address}/{path}")
        if answer is None or not answer.ok:
            raise AssertionError(f"{path}: {await self.page.inner_text('body')}")

    async def _send(self, **fields: str) -> None:
        """Fill in the only form of a page and send it."""
        for name, value in fields.items():
            await self.page.locator(f"main [name={name}]").fill(value)
        await self.page.locator("main button").click()

    async def look_at_queue(self, query: str = "") -> list[str]:
        """Open the queue, filtered by a query such as `mark=risen`; return the numbers of its tips, in order."""
        await self._open(f"?{query}")
        return await self.page.locator(".tips .number").all_inner_texts()

    async def read_counts(self) -> list[str]:
        """Open the queue and return its counts, such as `3 New to me`."""
        await self.look_at_queue()
        return await self.page.locator(".counts a").all_inner_texts()

    async def read(self, number: str) -> str:
        """Open a tip; return all text of its page."""
        await self._open(f"tips/{number}")
        return await self.page.locator("main").inner_text()

    async def act(self, number: str, name: str, **fields: str) -> str:
        """Fill in an act's form at a tip and confirm it; return the notice of the page.

        Args:
            number: the tip's.
            name: the act's, as in its address.
            fields: field name → value; an empty value clears the field.
        """
        await self.read(number)
        await self.fill_in(name, **fields)
        return await self.confirm()

    async def fill_in(self, name: str, **fields: str) -> None:
        """Open an act's form on the page of a tip, fill it in and send it for confirmation."""
        act = self.page.locator(f"details.act:has(form[action*='/{name}'])")
        await act.locator("summary").first.click()
        for field, value in fields.items():
            await _fill(act.locator(f"[name={field}]"), value)
        await act.locator("form button").last.click()

    async def confirm(self) -> str:
        """Confirm the act; return the notice of the page."""
        await self.page.locator("[name=confirmed]").click()
        return await self.news()

    async def news(self) -> str:
        """Wait for the notice that an act was done; return it."""
        return await self.page.locator(_NEWS).inner_text()

    async def merge_related(self, number: str, other: str) -> str:
        """Merge another tip, which a tip's page lists as related, into that tip; return the notice."""
        await self.read(number)
        await self.page.locator(f"form[action$='/{other}/merge'] button").click()
        return await self.confirm()

    async def merge_flood(self) -> str:
        """Merge the tips of the flood that the queue shows; return the notice."""
        await self.look_at_queue()
        await self.page.locator(".flood summary").click()
        await self.page.locator(".flood [value=merge]").click()
        return await self.confirm()

    async def type(self, *strokes: str) -> None:
        """Press keys and type words, using only the keyboard. Enter leads to another page."""
        for stroke in strokes:
            if stroke == "Enter":
                async with self.page.expect_navigation():
                    await self.page.keyboard.press(stroke)
            else:
                await self.page.keyboard.type(stroke)

    async def tab_to(self, selector: str) -> None:
        """Press Tab until the focused element matches a CSS selector."""
        async with limit():
            while not await self.page.evaluate("selector => document.activeElement.matches(selector)", selector):
                await self.page.keyboard.press("Tab")

    async def recuse(self, number: str) -> str:
        """Declare a conflict of interest in a tip; return the notice of the queue."""
        await self.read(number)
        await self.fill_in("recuse")
        return await self.news()

    async def print_order(self, number: str, to: str) -> bytes:
        """Add a written order to the direction to a desk; return the PDF in every language."""
        await self.read(number)
        await self.page.locator(f"form[action$='/orders'] [value={to}]").click()
        link = self.page.locator(f"a[href$='/orders/{to}']")
        async with self.page.expect_download() as download:
            await link.click()
        return (await (await download.value).path()).read_bytes()


async def _fill(field: Locator, value: str) -> None:
    if await field.evaluate("element => element.tagName") == "SELECT":
        await field.select_option(value)
    else:
        await field.fill(value)
