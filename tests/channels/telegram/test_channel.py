"""A webhook is answered with an empty 200, and a closed channel says that it is closed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import msgspec
import pytest

from satark.api.channel import Outcome, RawRequest, RawResponse, Receive
from satark.api.inbound import Address, Batch, Text
from satark.api.prompt import Prompt
from satark_telegram.channel import COMMANDS, TelegramChannel, command_menus
from satark_telegram.settings import TelegramSettings
from satark_testing.telegram.bot_api import Person, TelegramPeer, error
from satark_testing.waiting import until
from satark_words.catalogues import Catalogue, Catalogues

Sign = Callable[[Any], RawRequest]


def test_a_webhook_is_answered_with_an_empty_200(telegram: TelegramChannel, signed: Sign) -> None:
    assert telegram.reply(signed({}), Outcome(prompts=(Prompt(text="कहाँ?", language="hi"),))) == RawResponse()


async def test_using_a_closed_channel_raises(telegram: TelegramChannel) -> None:
    await telegram.close()
    (call,) = telegram.render(Prompt(text="कहाँ?", language="hi"), telegram.accounts[0], Address("42"))
    with pytest.raises(RuntimeError, match="not open"):
        await telegram.send(call, "")


@pytest.mark.parametrize(
    ("headers", "genuine"),
    [
        ({"x-telegram-bot-api-secret-token": "a-secret-of-ours_1"}, True),
        ({"x-telegram-bot-api-secret-token": "A-secret-of-ours_1"}, False),
        ({"x-telegram-bot-api-secret-token": "a-secret-of-ours_1 "}, False),
        ({"x-telegram-bot-api-secret-token": ""}, False),
        ({"x-telegram-bot-api-secret-token": "र\udcff"}, False),
        ({}, False),
    ],
)
def test_only_the_secret_token_is_accepted(headers: dict[str, str], genuine: bool, telegram: TelegramChannel) -> None:  # noqa: FBT001
    raw = RawRequest(method="POST", path="/telegram/webhook", headers=headers, body=b"not even json")
    assert telegram.verify(raw) == genuine
    assert not telegram.verify(msgspec.structs.replace(raw, method="GET"))


pytestmark = pytest.mark.slow("a provider's server")


@asynccontextmanager
async def listening(channel: TelegramChannel, receive: Receive) -> AsyncIterator[asyncio.Task[None]]:
    """Let a channel listen while the block runs."""
    await channel.open()
    task = asyncio.create_task(channel.listen(receive))
    yield task
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    await channel.close()


async def never(_batch: Batch) -> Outcome:
    raise AssertionError


async def test_the_webhook_is_registered_with_its_secret_and_kinds_of_updates(
    live: Any, secrets: dict[str, Any]
) -> None:
    channel = TelegramChannel(TelegramSettings(**secrets, api_url=live.url), "https://satark.example/")
    live.peer.secret_token = ""
    async with listening(channel, never):
        await until(lambda: len(live.peer.menus) == 3)
    assert live.peer.webhook == OURS
    assert live.peer.secret_token == secrets["secret_token"]
    _, parameters = live.peer.calls[0]
    assert parameters["allowed_updates"] == ["message", "edited_message", "callback_query"]
    assert "drop_pending_updates" not in parameters


async def test_without_a_public_address_only_the_menus_are_set(live: Any, secrets: dict[str, Any]) -> None:
    async with listening(TelegramChannel(TelegramSettings(**secrets, api_url=live.url)), never):
        await until(lambda: len(live.peer.menus) == 3)
    assert live.peer.webhook == ""
    assert live.peer.menus["hi"]["help"] == "मदद"
    assert live.peer.menus["en"]["help"] == "Help"
    assert live.peer.menus[""] == live.peer.menus["hi"]
    assert tuple(live.peer.menus["en"]) == COMMANDS


async def test_registering_is_retried_until_it_succeeds(
    live: Any, secrets: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("satark_telegram.channel._LONGEST_PAUSE", 0.01)
    for answer in (error(401, "Unauthorized"), error(500, "x"), error(403, "x"), error(429, "x", retry_after=0.01)):
        live.peer.faults.answer_next(answer)
    settings = TelegramSettings(**secrets, api_url=live.url)
    async with listening(TelegramChannel(settings, "https://satark.example"), never):
        await until(lambda: live.peer.webhook)


def test_a_language_without_a_two_letter_code_has_no_menu_of_its_own() -> None:
    catalogues = Catalogues([Catalogue("bho", {"command.help": "मदद"}), Catalogue("en", {})])
    assert [language for language, _ in command_menus(catalogues)] == [None, "en"]


class Receiver:
    """Accepts batches, or raises as often as `failures` says."""

    def __init__(self) -> None:
        self.failures = 0
        self.texts: list[str] = []

    async def receive(self, batch: Batch) -> Outcome:
        """Accept a batch."""
        if self.failures and batch.inbound:
            self.failures -= 1
            raise ConnectionError
        self.texts += [inbound.event.body for inbound in batch.inbound if isinstance(inbound.event, Text)]
        return Outcome()


@pytest.fixture
def polling(live: Any, secrets: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> TelegramChannel:
    """Return a channel that polls."""
    monkeypatch.setattr("satark_telegram.channel._LONGEST_PAUSE", 0.01)
    settings = TelegramSettings(**secrets, api_url=live.url, polling=True, poll_seconds=1)
    return TelegramChannel(settings, "https://satark.example")


async def test_polling_receives_every_update_once_and_in_order(
    live: Any, polling: TelegramChannel, person: Person
) -> None:
    peer: TelegramPeer = live.peer
    peer.webhook = "https://old.example"
    receiver = Receiver()
    async with listening(polling, receiver.receive):
        await until(lambda: not peer.webhook)
        for number in range(5):
            await peer.deliver(peer.updates.text(person, str(number)))
        await peer.deliver(peer.updates.update("poll", {"id": "1"}))
        await until(lambda: len(receiver.texts) == 5)
        await peer.deliver(peer.updates.text(person, "last"))
        peer.faults.fail_next(502, on="getUpdates")
        await until(lambda: len(receiver.texts) == 6)
    assert receiver.texts == ["0", "1", "2", "3", "4", "last"]


async def test_an_update_that_was_not_received_is_not_confirmed(
    live: Any, polling: TelegramChannel, person: Person
) -> None:
    peer: TelegramPeer = live.peer
    receiver = Receiver()
    receiver.failures = 1
    await peer.deliver(peer.updates.text(person, "again"))
    async with listening(polling, receiver.receive) as task:
        with pytest.raises(ConnectionError):
            await task
    async with listening(polling, receiver.receive):
        await until(lambda: receiver.texts)
    assert receiver.texts == ["again"]


async def test_an_update_that_cannot_be_read_does_not_stop_the_next(
    live: Any, polling: TelegramChannel, person: Person
) -> None:
    peer: TelegramPeer = live.peer
    receiver = Receiver()
    await peer.deliver({"no_update": 1})
    await peer.deliver(peer.updates.text(person, "after"))
    async with listening(polling, receiver.receive):
        await until(lambda: receiver.texts)


async def look(channel: TelegramChannel, times: int = 1) -> str:
    """Look for faults as often as this; return the last answer."""
    return [" ".join(await channel.find_faults()) for _ in range(times)][-1]


@pytest.fixture
def looking(live: Any, secrets: dict[str, Any]) -> TelegramChannel:
    """Return a channel whose webhook is registered, as a process makes it to look for faults."""
    live.peer.webhook = OURS
    return TelegramChannel(TelegramSettings(**secrets, api_url=live.url), "https://satark.example")


async def call(live: Any, secrets: dict[str, Any], method: str, **parameters: Any) -> None:
    """Call the Bot API as whoever has the token does."""
    url = f"{live.url}/bot{secrets['token']}/{method}"
    form = aiohttp.FormData()
    for name, value in parameters.items():
        form.add_field(name, value, filename="cert.pem" if isinstance(value, bytes) else None)
    async with aiohttp.ClientSession() as session, session.post(url, data=form) as answer:
        assert answer.status == 200


OURS = "https://satark.example/telegram/webhook"
THIEVES: dict[str, tuple[str, dict[str, Any]]] = {
    "their own address": ("setWebhook", {"url": "https://thief.example/t"}),
    "their certificate for ours": ("setWebhook", {"url": OURS, "certificate": b"x", "ip_address": "198.51.100.7"}),
    "polling": ("deleteWebhook", {}),
}


@pytest.mark.parametrize("thief", THIEVES)
async def test_a_webhook_that_somebody_else_changed_is_a_fault_and_is_set_back(
    thief: str, live: Any, secrets: dict[str, Any], looking: TelegramChannel
) -> None:
    assert await look(looking) == ""
    method, parameters = THIEVES[thief]
    await call(live, secrets, method, **parameters)
    found = await look(looking)
    assert "/revoke the token" in found
    assert "thief" not in found
    assert (live.peer.webhook, live.peer.certificate) == (OURS, False)
    assert await look(looking) == found, "it stays until the process ends, since the token is still known"


async def test_a_first_look_changes_nothing_at_telegram(live: Any, looking: TelegramChannel) -> None:
    live.peer.webhook = ""
    assert await look(looking) == ""
    live.peer.webhook = "https://thief.example/t"
    other = TelegramChannel(looking._settings, "https://satark.example")
    assert "/revoke the token" in await look(other)
    assert live.peer.webhook == "https://thief.example/t"
    assert "/revoke the token" in await look(other)
    assert live.peer.webhook == OURS


async def test_a_webhook_is_a_fault_for_a_bot_that_polls(
    live: Any, secrets: dict[str, Any], polling: TelegramChannel
) -> None:
    assert await look(polling) == ""
    await call(live, secrets, "setWebhook", url="https://thief.example/t")
    assert "/revoke the token" in await look(polling)
    assert live.peer.webhook == ""


async def test_a_telegram_that_refuses_or_does_not_answer_is_a_fault(live: Any, looking: TelegramChannel) -> None:
    live.peer.faults.fail_next(401, "Unauthorized", on="getWebhookInfo")
    assert "(unauthorized)" in await look(looking)
    assert await look(looking) == ""


async def test_without_an_address_nothing_is_asked(live: Any, secrets: dict[str, Any]) -> None:
    live.peer.webhook = "https://registered.by.hand/telegram/webhook"
    assert await look(TelegramChannel(TelegramSettings(**secrets, api_url=live.url)), times=2) == ""
    assert not live.peer.calls
