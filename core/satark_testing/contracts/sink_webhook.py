"""Checks the page at which an office posts its answers (S52 to S54)."""

import asyncio
import time
from collections.abc import Iterator
from secrets import token_hex
from typing import Any, Final

from msgspec.structs import replace
from starlette.applications import Starlette
from starlette.routing import Mount

from satark.api.channel import RawRequest
from satark.api.tip import STATUSES
from satark.store.writer import StoreDown
from satark_testing.contracts.forgeries import forgeries, odd_headers, timed, without_secret
from satark_testing.contracts.mutations import another, mutated
from satark_testing.contracts.provider_peer import ENDLESS_BYTES
from satark_testing.contracts.rules import BrokenRule, raised, require, shown
from satark_testing.contracts.sample_context import SampleStore
from satark_testing.contracts.sink_case import Answer, Webhook
from satark_testing.contracts.watching import Watch

_UNREADABLE: Final = (b"", b"{", b"null", b"[]", b"{}", b"\xff\xfe", b"[" * 40, b"<html>")
_OLD_SECONDS: Final = (600, 86_400, -600)
"""Ages of requests that are too old, or from the future."""
_CHUNK: Final = bytes(1024 * 1024)
_AGAIN: Final = {408, 425, 429}
"""Statuses below 500 after which an office posts again (RFC 9110, RFC 8470, RFC 6585)."""
_FAILED: Final = 500
_LONG_ID: Final = 300
_REPEAT_KEYS: Final = ("idempotency-key", "x-idempotency-key", "x-request-id", "x-delivery-id", "webhook-id")
"""Headers by which pages know a repetition. One that the office does not send is not signed either."""


class Postbox:
    """An office that posts each answer to a plugin's page until the page takes or refuses it."""

    def __init__(self, webhook: Webhook) -> None:
        self.webhook = webhook
        self.waiting: list[Answer] = []
        self._taken: list[RawRequest] = []
        self._answers: list[Answer] = []
        self.restart()

    def restart(self) -> None:
        """Make the page anew."""
        page = self.webhook.page()
        self._app = Starlette(routes=[Mount(page.path, page.app)])

    def signed(self, answer: Answer, age: int = 0) -> RawRequest:
        """Return the request with an answer, signed so many seconds ago."""
        return self.webhook.sign(self.webhook.request(answer), int(time.time()) - age)

    async def deliver(self) -> None:
        """Post what waits."""
        for answer in [*self.waiting]:
            raw = self.signed(answer)
            status = await self.post(raw, "an answer")
            if status < _FAILED and status not in _AGAIN:
                self.waiting.remove(answer)
                self._taken.append(raw)
                self._answers.append(answer)

    async def deliver_again(self) -> None:
        """Post all answers once more: the same bytes, with other unsigned headers, signed anew, and twice at once."""
        for raw in [*self._taken, *map(self._relabelled, self._taken), *map(self.signed, self._answers)]:
            await asyncio.gather(*(self.settle(raw, "an answer, delivered again") for _ in range(2)))

    def _relabelled(self, raw: RawRequest) -> RawRequest:
        """Return a request with other values in every header that is not signed, as whoever repeats it may choose."""
        own = {name: f"{another(value)}7" for name, value in raw.headers.items() if name in self.webhook.unsigned}
        return replace(raw, headers={**dict.fromkeys(_REPEAT_KEYS, token_hex()), **raw.headers, **own})

    async def settle(self, raw: RawRequest, subject: str) -> None:
        """Post one request, which the page must take or refuse."""
        status = await self.post(raw, subject)
        require(status < _FAILED, "S54", subject, f"status {status}: the office would post it for ever")

    async def post(self, raw: RawRequest, subject: str, pieces: Iterator[bytes] | None = None) -> int:
        """Post one request, and return the response's status; 503 if the store is down.

        Raises:
            BrokenRule: the page raises an exception.
        """
        started: list[int] = []
        bodies = pieces or iter((raw.body,))

        async def receive() -> dict[str, Any]:
            await asyncio.sleep(0)
            body = next(bodies, None)
            return {"type": "http.request", "body": body or b"", "more_body": body is not None}

        async def send(message: Any) -> None:
            await asyncio.sleep(0)
            if message["type"] == "http.response.start":
                started.append(message["status"])

        try:
            await self._app(_scope(raw), receive, send)
        except StoreDown:
            return 503
        except BrokenRule:
            raise
        except Exception as error:
            raise BrokenRule("S54", subject, raised(error)) from error
        return started[0]


def _scope(raw: RawRequest) -> dict[str, Any]:
    headers = {"content-length": str(len(raw.body)), **raw.headers}
    return {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": raw.method,
        "scheme": "https",
        "path": raw.path,
        "raw_path": raw.path.encode(),
        "root_path": "",
        "query_string": raw.query.encode(),
        "headers": [(name.lower().encode(), value.encode("latin-1", "replace")) for name, value in headers.items()],
        "client": ("192.0.2.1", 443),
        "server": ("satark.example", 443),
        "state": {},
    }


async def check_webhook(box: Postbox, store: SampleStore, answer: Answer, watch: Watch) -> None:
    """Check that the page takes nothing that is forged, old or unreadable. The answer is never posted.

    Raises:
        BrokenRule: it does.
    """
    raw, webhook = box.signed(answer), box.webhook
    same = webhook.request(answer) == webhook.request(answer)
    require(same, "S44", "`Webhook.request`", "two requests for one answer: give the office's id as `Answer.id`")
    watch.compares = False
    await _check_proof(box, store, raw)
    require(watch.compares, "S60", "webhooks, also forged", "the page compares in a time that tells how much is right")
    await box.settle(box.signed(replace(answer, id="x" * _LONG_ID)), f"an answer whose id has {_LONG_ID} characters")
    for column, value in await asyncio.to_thread(store.rows):
        longest = getattr(column.type, "length", None)
        fits = longest is None or not isinstance(value, str) or len(value) <= longest
        require(fits, "S54", f"an answer whose id has {_LONG_ID} characters", f"PostgreSQL refuses it in `{column}`")
    store.posted.clear()
    for age in _OLD_SECONDS if timed(raw, webhook) else ():
        old, subject = box.signed(answer, age), f"an answer that was signed {age} seconds ago"
        await _refused(box, store, old, "S53", subject)
    left = iter([_CHUNK] * (ENDLESS_BYTES // len(_CHUNK)))
    await box.post(raw, "an endless body", left)
    require(next(left, None), "S36", "an endless body", "all of it was read")
    await _check_unreadable(box, store, answer)


async def _check_proof(box: Postbox, store: SampleStore, raw: RawRequest) -> None:
    webhook, statuses = box.webhook, {}
    for change, forged in (*without_secret(raw, webhook), *forgeries(raw, webhook)):
        await _refused(box, store, forged, "S52", change)
    for change, odd in (one for name in raw.headers for one in odd_headers(raw, name)):
        before = len(store.posted)
        await box.settle(odd, shown(raw, change))
        del store.posted[before:]
    first = next(iter(forgeries(raw, webhook)))[1]
    for body in (raw.body, *_UNREADABLE):
        statuses[body[:9]] = await box.post(replace(first, body=body), "a forged request")
    found = f"{len({*statuses.values()})} statuses for bodies of forged requests: each was read first"
    require(len({*statuses.values()}) == 1, "S52", "forged requests with bodies that can and can't be read", found)


async def _refused(box: Postbox, store: SampleStore, raw: RawRequest, rule: str, change: str) -> None:
    before, subject = len(store.posted), shown(raw, change)
    status = await box.post(raw, subject)
    require(len(store.posted) == before, rule, subject, "the answer is posted")
    require(400 <= status < _FAILED, rule, subject, f"status {status}")  # noqa: PLR2004 - HTTP: the client's error


async def _check_unreadable(box: Postbox, store: SampleStore, answer: Answer) -> None:
    """Post signed requests of which one value is another, and bodies that can't be read."""
    request, now = box.webhook.request(answer), int(time.time())
    changed = [(repr(body[:9]), replace(request, body=body)) for body in _UNREADABLE]
    for place, other in (*changed, *mutated([request])):
        before, subject = len(store.posted), shown(request, f"with {place} changed")
        await box.settle(box.webhook.sign(other, now), subject)
        for one in store.posted[before:]:
            mine = answer.number.encode() in other.body or answer.number.encode() not in request.body
            require(mine, "S45", subject, "it is posted at a tip that it does not name")
            right = one.message.status in {None, answer.status} and one.message.status in {None, *STATUSES}
            require(right, "S46", subject, f"the status {one.message.status}")
        del store.posted[before:]
