"""The kit fails each request of each act, and lets pass what honest sinks do: look up, upload, put without a key."""

from __future__ import annotations

import json
from collections.abc import Mapping
from itertools import count
from pathlib import Path
from typing import Any
from uuid import uuid4

import aiohttp
import pytest
import structlog

from satark.api import (
    CantOpen,
    DeadLetter,
    Delivery,
    DeliveryResult,
    Done,
    ProviderClient,
    Retry,
    WorkerContext,
    read_answer,
    run_in_thread,
    seconds_to_wait,
)
from satark.api.sealing import new_identity
from satark_testing.contracts.sink import (
    KINDS,
    BrokenRule,
    Received,
    Reply,
    SinkCase,
    SinkPeer,
    check_sink,
    sample_context,
)

OMITS = KINDS - {"number", "revision"}


class RefusedError(Exception):
    """The destination's answer is a result."""

    def __init__(self, result: DeliveryResult) -> None:
        super().__init__()
        self.result = result


class Tickets:
    """A sink that looks a ticket up by the query, uploads a note, and then puts the ticket or makes it."""

    name = "tickets"

    def __init__(self, url: str, context: WorkerContext) -> None:
        self.url, self.context, self.client = url, context, ProviderClient(20)

    def reads(self, name: str) -> bool:
        return True

    async def open(self) -> None:
        await self.client.open()

    async def close(self) -> None:
        await self.client.close()

    async def deliver(self, delivery: Delivery) -> DeliveryResult:
        if delivery.kind != "tip":
            return DeadLetter("no alarms")
        try:
            opened = await run_in_thread(self.context.reader(delivery.destination).open, delivery)
            return await self.put(delivery, {"number": opened.content.tip.number, "revision": delivery.revision})
        except CantOpen:
            return DeadLetter("another key")
        except RefusedError as refused:
            return refused.result
        except (aiohttp.ClientError, OSError) as error:
            return Retry(type(error).__name__, down=True)

    async def put(self, delivery: Delivery, shown: dict[str, Any]) -> DeliveryResult:
        found = await self.ask("GET", f"/tickets?tip={delivery.tip}")
        ids = [one["id"] for one in found if one.get("tip") == delivery.tip] if isinstance(found, list) else []
        uploaded = await self.ask("POST", "/notes", data=b"note")
        if not isinstance(uploaded, dict) or not uploaded.get("token"):
            return Retry("unconfirmed")
        ticket = {**shown, "tip": delivery.tip, "note": uploaded["token"]}
        kept = await (self.replace(ids[0], ticket) if ids else self.create(ticket))
        return Done() if kept == {"tip": delivery.tip, "revision": delivery.revision} else Retry("unconfirmed")

    async def create(self, ticket: dict[str, Any]) -> Any:
        return await self.ask("POST", "/tickets", json=ticket)

    async def replace(self, number: int, ticket: dict[str, Any]) -> Any:
        headers = {"Idempotency-Key": uuid4().hex}  # a PUT needs none: whatever stands here is no fault
        return await self.ask("PUT", f"/tickets/{number}", json=ticket, headers=headers)

    async def ask(self, method: str, path: str, **more: Any) -> Any:
        async with self.client.session.request(method, self.url + path, allow_redirects=False, **more) as response:
            answer, code = await read_answer(response.content, 100_000), f"HTTP {response.status}"
        self.heard(response.status, answer)
        if response.status == 429:
            raise RefusedError(Retry(code, after=seconds_to_wait(response.headers.get("Retry-After", ""), 60)))
        if response.status not in {200, 201}:
            refused = response.status in {400, 413, 422}
            raise RefusedError(DeadLetter(code) if refused else Retry(code, down=True))
        try:
            return json.loads(answer)
        except ValueError:
            raise RefusedError(Retry("unconfirmed")) from None

    def heard(self, status: int, answer: bytes) -> None:
        """Do nothing."""


class Office:
    """A system of tickets, which finds them by the query."""

    def __init__(self) -> None:
        self.tickets: dict[str, dict[str, Any]] = {}
        self.numbers = count(1)

    def answer(self, asked: Received) -> Reply:
        if asked.path == "/notes":
            return Reply(200, json.dumps({"token": uuid4().hex}).encode())
        if asked.method == "GET" or asked.path == "/search":
            tip = asked.query["tip"] if asked.method == "GET" else json.loads(asked.body)["tip"]
            mine = {number: one for number, one in self.tickets.items() if one["tip"] == tip}
            return Reply(200, json.dumps([{"id": number, "tip": one["tip"]} for number, one in mine.items()]).encode())
        number = asked.path.rpartition("/")[2] if asked.method == "PUT" else str(next(self.numbers))
        kept = self.tickets[number] = json.loads(asked.body)
        kept.pop("note")  # another one at each attempt
        return Reply(200, json.dumps({"tip": kept["tip"], "revision": kept["revision"]}).encode())


def unpack(ticket: Any) -> Mapping[str, bytes]:
    return {name: str(ticket[name]).encode() for name in ("number", "revision")}


class TokenOffice(Office):
    """A system that gives tokens, and ends them."""

    def __init__(self) -> None:
        super().__init__()
        self.valid, self.given = set[str](), count(1)

    def answer(self, asked: Received) -> Reply:
        if asked.path == "/token":
            token = f"token-number-{next(self.given)}"
            self.valid.add(token)
            return Reply(200, json.dumps({"access_token": token}).encode())
        known = asked.headers.get("authorization", "").removeprefix("Bearer ") in self.valid
        return super().answer(asked) if known else Reply(401)


class Tokens(Tickets):
    """A sink that asks for a token first, and for another once it is refused."""

    token = ""

    async def ask(self, method: str, path: str, **more: Any) -> Any:
        self.token = self.token or await self.grant()
        headers = {"Authorization": f"Bearer {self.token}", **more.pop("headers", {})}
        try:
            return await super().ask(method, path, headers=headers, **more)
        except RefusedError as refused:
            self.refused(refused.result)
            raise

    def refused(self, result: DeliveryResult) -> None:
        if result == Retry("HTTP 401", down=True):
            self.token = ""

    async def grant(self) -> str:
        try:
            given = await super().ask("POST", "/token", data=b"grant_type=client_credentials")
        except RefusedError:
            raise RefusedError(Retry("no token", down=True)) from None
        if not isinstance(given, dict) or not given.get("access_token"):
            raise RefusedError(Retry("no token", down=True))
        return str(given["access_token"])


async def check(folder: Path, made: type[Tickets], *, expires: bool = True) -> None:
    (recipient, identity), office = new_identity(), TokenOffice() if issubclass(made, Tokens) else Office()
    ends: dict[str, Any] = {"expire": office.valid.clear} if isinstance(office, TokenOffice) and expires else {}
    peer = SinkPeer(sink=lambda url: made(url, sample_context(identity)), answer=office.answer, **ends)
    more: dict[str, Any] = {"recipient": recipient, "unpack": unpack, "omits": OMITS}
    await check_sink(SinkCase(peer=peer, folder=folder, held=lambda: dict(office.tickets), **more))


@pytest.mark.full("a whole contract for each design")
async def test_a_look_up_an_upload_and_a_put_without_a_key_are_no_faults(tmp_path: Path) -> None:
    await check(tmp_path, Tickets)


@pytest.mark.full("a whole contract for each design")
async def test_a_look_up_by_a_post_is_no_fault(tmp_path: Path) -> None:
    await check(tmp_path, Searching)


@pytest.mark.full("a whole contract for each design")
async def test_a_token_that_is_asked_for_anew_is_no_fault(tmp_path: Path) -> None:
    await check(tmp_path, Tokens)


class OldToken(Tokens):
    """It keeps its token for ever."""

    def refused(self, result: DeliveryResult) -> None:
        """Do nothing."""


class NoTokenIsFinal(Tokens):
    """A refusal to give a token ends the delivery."""

    async def grant(self) -> str:
        given = await Tickets.ask(self, "POST", "/token", data=b"grant_type=client_credentials")
        return str(given["access_token"]) if isinstance(given, dict) and given.get("access_token") else "none"


class TokenInTheLog(Tokens):
    async def grant(self) -> str:
        token = await super().grant()
        structlog.get_logger().info("signed in", token=token)
        return token


class RedirectedToken(Tokens):
    async def grant(self) -> str:
        return await self.posted()

    async def posted(self, **more: Any) -> str:
        form = b"grant_type=client_credentials"
        async with self.client.session.post(f"{self.url}/token", data=form, **more) as response:
            body = await self.body(response)
        given = json.loads(body) if response.status == 200 and body[:1] == b"{" else {}
        if not given.get("access_token"):
            raise RefusedError(Retry("no token", down=True))
        return str(given["access_token"])

    async def body(self, response: aiohttp.ClientResponse) -> bytes:
        return await read_answer(response.content, 100_000)


class EndlessToken(RedirectedToken):
    async def grant(self) -> str:
        return await self.posted(allow_redirects=False)

    async def body(self, response: aiohttp.ClientResponse) -> bytes:
        return await response.read()


class TrustingTheLookUp(Tickets):
    """It replaces whatever ticket the look-up names."""

    async def put(self, delivery: Delivery, shown: dict[str, Any]) -> DeliveryResult:
        found = await self.ask("GET", f"/tickets?tip={delivery.tip}")
        ids = [one["id"] for one in found if one.get("id")] if isinstance(found, list) else []
        ticket = {**shown, "tip": delivery.tip, "note": "note"}
        kept = await (self.replace(ids[0], ticket) if ids else self.create(ticket))
        return Done() if kept == {"tip": delivery.tip, "revision": delivery.revision} else Retry("unconfirmed")


class Raising(Tickets):
    """It reads the seconds to wait by `float`."""

    async def ask(self, method: str, path: str, **more: Any) -> Any:
        try:
            return await super().ask(method, path, **more)
        except RefusedError as refused:
            if isinstance(refused.result, Retry) and refused.result.after == 60:
                raise ValueError from None
            raise


class AnyCertificate(Tickets):
    """It checks the certificate for its first request alone."""

    async def create(self, ticket: dict[str, Any]) -> Any:
        return await self.ask("POST", "/tickets", json=ticket, ssl=False)


class NeverLooking(Tickets):
    async def replace(self, number: int, ticket: dict[str, Any]) -> Any:
        return await (self.create(ticket) if ticket["revision"] > 1 else super().replace(number, ticket))


class TrustingAnyPut(Tickets):
    async def replace(self, number: int, ticket: dict[str, Any]) -> Any:
        async with self.client.session.put(f"{self.url}/tickets/{number}", json=ticket, allow_redirects=False):
            return {"tip": ticket["tip"], "revision": ticket["revision"]}


class LookingInMemory(Tickets):
    """It knows what it made, and forgets it when the answer is lost."""

    async def put(self, delivery: Delivery, shown: dict[str, Any]) -> DeliveryResult:
        result = await super().put(delivery, shown)
        vars(self).setdefault("known", set()).add(delivery.tip)
        return result

    async def ask(self, method: str, path: str, **more: Any) -> Any:
        if method == "GET" and path.rpartition("=")[2] not in vars(self).get("known", set()):
            return []
        return await super().ask(method, path, **more)


class Searching(Tickets):
    """It looks a ticket up by a POST."""

    async def ask(self, method: str, path: str, **more: Any) -> Any:
        if method == "GET":
            return await super().ask("POST", "/search", json={"tip": path.rpartition("=")[2]})
        return await super().ask(method, path, **more)


class TrustingTheSearch(Searching, TrustingTheLookUp):
    """It replaces whatever ticket a search by POST names."""


class Quoting(Tickets):
    """It logs what the destination says to the one whose account it refuses."""

    status = 401

    def heard(self, status: int, answer: bytes) -> None:
        if status == self.status:
            structlog.get_logger().warning("refused", said=answer.decode())


class QuotingARefusedTicket(Quoting):
    status = 400


class NoRightIsFinal(Tickets):
    async def ask(self, method: str, path: str, **more: Any) -> Any:
        try:
            return await super().ask(method, path, **more)
        except RefusedError as refused:
            if refused.result == Retry("HTTP 403", down=True):
                raise RefusedError(DeadLetter("HTTP 403")) from None
            raise


class TicketInSelf(Tickets):
    """It keeps the ticket beside all others while it waits for an answer."""

    async def create(self, ticket: dict[str, Any]) -> Any:
        self.ticket = ticket
        await self.ask("POST", "/notes", data=b"another")
        return await super().create(self.ticket)


@pytest.mark.full("a whole contract for each fault")
@pytest.mark.parametrize(
    ("broken", "rule"),
    [
        (TrustingTheSearch, "S29"),
        (Quoting, "S12"),
        (QuotingARefusedTicket, "S12"),
        (NoRightIsFinal, "S35"),
        (TicketInSelf, "S24"),
        (NeverLooking, "S05"),
        (TrustingAnyPut, "S28"),
        (LookingInMemory, "S04"),
        (RedirectedToken, "S33"),
        (EndlessToken, "S36"),
        (TrustingTheLookUp, "S29"),
        (Raising, "S32"),
        (OldToken, "S55"),
        (NoTokenIsFinal, "S55"),
        (TokenInTheLog, "S56"),
        (AnyCertificate, "S34"),
    ],
)
async def test_what_a_revision_or_a_repetition_loses_is_noticed(
    tmp_path: Path, broken: type[Tickets], rule: str
) -> None:
    with pytest.raises(BrokenRule, match=f"^{rule} "):
        await check(tmp_path, broken)


@pytest.mark.full("a whole contract")
async def test_a_case_with_tokens_says_how_they_end(tmp_path: Path) -> None:
    with pytest.raises(BrokenRule, match=r"^S55 .*\n.*the case"):
        await check(tmp_path, Tokens, expires=False)
