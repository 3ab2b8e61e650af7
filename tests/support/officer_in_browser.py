"""An officer at the desk in a real browser: acts on tips as a person does, and reads what comes of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from satark_testing.waiting import LIMIT_SECONDS, limit

if TYPE_CHECKING:
    from playwright.async_api import Browser, Locator, Page

_NEWS = "main .notice.good"
"""What a page says of an act that was done."""


class OfficerInBrowser:
    """One officer in a browser context of their own.

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
        """Open a context for an officer, in which nobody is signed in."""
        return cls(await (await browser.new_context(locale=locale)).new_page(), address)

    async def sign_in_first(self, desk: str, officer: str, temporary: str, passphrase: str) -> None:
        """Sign in with a passphrase that somebody else set, and replace it by an own one."""
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
        """Open the queue; return its counts, such as `3 New to me`."""
        await self.look_at_queue()
        return await self.page.locator(".counts a").all_inner_texts()

    async def read(self, number: str) -> str:
        """Open a tip; return all that its page says."""
        await self._open(f"tips/{number}")
        return await self.page.locator("main").inner_text()

    async def act(self, number: str, name: str, **fields: str) -> str:
        """Fill in an act's form at a tip and confirm it; return what the page says then.

        Args:
            number: the tip's.
            name: the act's, as in its address.
            fields: by name; an empty text empties a field that is filled in already.
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
        """Confirm what is shown for confirmation; return what the page says then."""
        await self.page.locator("[name=confirmed]").click()
        return await self.news()

    async def news(self) -> str:
        """Wait until a page says that an act was done; return what it says."""
        return await self.page.locator(_NEWS).inner_text()

    async def merge_related(self, number: str, other: str) -> str:
        """Merge another tip, which the page of a tip lists as related, into it; return what the page says then."""
        await self.read(number)
        await self.page.locator(f"form[action$='/{other}/merge'] button").click()
        return await self.confirm()

    async def merge_flood(self) -> str:
        """Merge the tips of the flood that the queue shows; return what the page says then."""
        await self.look_at_queue()
        await self.page.locator(".flood summary").click()
        await self.page.locator(".flood [value=merge]").click()
        return await self.confirm()

    async def type(self, *strokes: str) -> None:
        """Use the keyboard alone: press keys and type words; Enter leads to another page."""
        for stroke in strokes:
            if stroke == "Enter":
                async with self.page.expect_navigation():
                    await self.page.keyboard.press(stroke)
            else:
                await self.page.keyboard.type(stroke)

    async def tab_to(self, selector: str) -> None:
        """Press Tab until what has the focus matches a CSS selector."""
        async with limit():
            while not await self.page.evaluate("selector => document.activeElement.matches(selector)", selector):
                await self.page.keyboard.press("Tab")

    async def recuse(self, number: str) -> str:
        """Say that they have to do with the people of a tip; return what the queue says then."""
        await self.read(number)
        await self.fill_in("recuse")
        return await self.news()

    async def print_order(self, number: str, to: str) -> bytes:
        """Give the direction to a desk a written order; return the PDF in every language."""
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
