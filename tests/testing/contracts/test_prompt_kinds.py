"""The kit notices whose voice note, picture or choices a channel mixes up, drops or changes."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from contextlib import nullcontext
from html import unescape
from typing import Any

import msgspec
import pytest

from satark.api import ProviderClient, ReceiptPicture, VoiceNote
from satark.api.inbound import Address
from satark.api.outbound import Accepted, Call, SendResult, Transient
from satark.api.prompt import Capabilities, Choice, Prompt
from satark_testing.contracts.calls import opened_calls
from satark_testing.contracts.channel import BrokenRule, Peer, Received, Reply, Said, sample_channel_context
from satark_testing.contracts.prompt_kinds import check_kinds
from satark_testing.contracts.prompts import check_prompts
from satark_testing.contracts.provider_peer import PeerServer
from support.postcards import Postcards, case


class Radio(Postcards):
    """A whole channel with buttons, voice notes and pictures. Each test breaks one part of it."""

    capabilities = Capabilities(
        kind="chat", text=1000, body=1000, buttons=3, button_label=20, token=60, voice_notes=True
    )

    def __init__(self, url: str) -> None:
        self.url, self.client, self.context = url, ProviderClient(5), sample_channel_context()
        self.uploads: dict[str, str] = {}

    async def open(self) -> None:
        await self.client.open()

    async def close(self) -> None:
        await self.client.close()

    def render(self, prompt: Prompt, account: str, to: Address) -> Sequence[Call]:
        said = {"to": to.reveal(), "text": prompt.text, "buttons": self.buttons(prompt)}
        bodies: dict[str, Any] = {"text": said}
        if prompt.receipt:
            bodies["picture"] = {"to": to.reveal(), "receipt": prompt.receipt}
        if prompt.spoken:
            bodies["note"] = {"to": to.reveal(), "note": prompt.spoken}
        return [Call(account=account, method=name, body=msgspec.json.encode(body)) for name, body in bodies.items()]

    def buttons(self, prompt: Prompt) -> list[Choice]:
        return [*prompt.choices, *(prompt.actions if prompt.choices else ())]

    async def send(self, call: Call, call_id: str) -> SendResult:
        said = json.loads(call.body)
        if call.method == "note":
            note = msgspec.convert(said["note"], VoiceNote)
            media = await self.upload(self.key(note), lambda: self.context.voice_notes.make(note))
            said = {"to": said["to"], "media": media}
        elif call.method == "picture":
            receipt = msgspec.convert(said["receipt"], ReceiptPicture)
            media = await self.upload("", lambda: self.context.draw_receipt(receipt))
            said = {"to": said["to"], "media": media, **self.beside(receipt)}
        return await self.post("messages", msgspec.json.encode(said))

    def key(self, note: VoiceNote) -> str:
        return note.reuse_key

    def beside(self, receipt: ReceiptPicture) -> dict[str, Any]:
        return {"text": receipt.caption, "buttons": [receipt.button]}

    async def upload(self, key: str, make: Any) -> str:
        if known := self.uploads.get(key):
            return known
        async with self.client.session.post(f"{self.url}/uploads", data=await asyncio.to_thread(make)) as answer:
            media: str = (await answer.json())["id"]
        if key:
            self.uploads[key] = media
        return media

    async def post(self, path: str, body: bytes) -> SendResult:
        async with self.client.session.post(f"{self.url}/{path}", data=body) as answer:
            return Accepted() if answer.status == 200 else Transient("x")


class Tower:
    """The provider: it keeps what is uploaded."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def answer(self, asked: Received) -> Reply:
        if asked.path == "/uploads":
            self.files[f"file-{len(self.files)}"] = asked.body
        return Reply(200, json.dumps({"id": [*self.files, "none"][-2:][0]}).encode())

    def read(self, asked: Received) -> Said | None:
        if asked.path != "/messages":
            return None
        said: Mapping[str, Any] = json.loads(asked.body)
        choices = msgspec.convert(said.get("buttons", []), list[Choice])
        return Said(said["to"], said.get("text", ""), self.files.get(said.get("media", ""), b""), choices)


async def check(made: type[Radio]) -> None:
    tower = Tower()
    peer = Peer(channel=made, read=tower.read, answer=tower.answer)
    async with PeerServer(peer).serving() as server, opened_calls(case(Postcards()), peer, server) as calls:
        await check_kinds(calls)


async def test_each_gets_their_own_voice_note_picture_and_choices() -> None:
    await check(Radio)


class OneForAll(Radio):
    def key(self, note: VoiceNote) -> str:
        return note.reuse_key or "personal"


class KnownByItsBeginning(Radio):
    def key(self, note: VoiceNote) -> str:
        return str(note.parts[0])


class Silent(Radio):
    async def send(self, call: Call, call_id: str) -> SendResult:
        return Accepted() if call.method == "note" else await super().send(call, call_id)


class NoteInMemory(Radio):
    async def upload(self, key: str, make: Any) -> str:
        self.made = make
        await asyncio.sleep(0)
        return await super().upload(key, self.made)


class NoteTwice(Radio):
    async def send(self, call: Call, call_id: str) -> SendResult:
        if call.method == "note":
            await super().send(call, call_id)
        return await super().send(call, call_id)


class WithoutContext(Radio):
    capabilities = msgspec.structs.replace(Radio.capabilities, voice_notes=False)


class NoPicture(Radio):
    def render(self, prompt: Prompt, account: str, to: Address) -> Sequence[Call]:
        return super().render(msgspec.structs.replace(prompt, receipt=None), account, to)


class NoCaption(Radio):
    def beside(self, receipt: ReceiptPicture) -> dict[str, Any]:
        return {"buttons": [receipt.button]}


class NoButton(Radio):
    def beside(self, receipt: ReceiptPicture) -> dict[str, Any]:
        return {"text": receipt.caption}


class FirstButtonsAtOnce(Radio):
    """The buttons of the first of six people go to all."""

    def buttons(self, prompt: Prompt) -> list[Choice]:
        self.first: dict[str, list[Choice]] = vars(self).get("first", {})
        own = super().buttons(prompt)
        return self.first.setdefault(f"{own[0].token[:2]}{len(own)}", own) if "कि" in prompt.text and own else own


class Swapped(Radio):
    def buttons(self, prompt: Prompt) -> list[Choice]:
        return [Choice(one.label, one.token) for one in super().buttons(prompt)]


class Markup(Radio):
    """The provider reads the labels as HTML."""

    def buttons(self, prompt: Prompt) -> list[Choice]:
        return [msgspec.structs.replace(one, label=unescape(one.label)) for one in super().buttons(prompt)]


class TurnsTwice(Radio):
    def buttons(self, prompt: Prompt) -> list[Choice]:
        return [*super().buttons(prompt), *prompt.turns]


class NoDescription(Radio):
    capabilities = msgspec.structs.replace(Radio.capabilities, rows=9, row_label=20, row_description=20)

    def buttons(self, prompt: Prompt) -> list[Choice]:
        return [msgspec.structs.replace(one, description="") for one in super().buttons(prompt)]


class LastButtonsStay(Radio):
    def buttons(self, prompt: Prompt) -> list[Choice]:
        self.last: list[Choice] = super().buttons(prompt) or vars(self).get("last", [])
        return self.last


class Blocking(Radio):
    async def upload(self, key: str, make: Any) -> str:
        content = make()
        return await super().upload(key, lambda: content)


@pytest.mark.parametrize(
    ("broken", "rule"),
    [
        (OneForAll, "C85"),
        (KnownByItsBeginning, "C85"),
        (Silent, "C85"),
        (NoteTwice, "C85"),
        (NoteInMemory, "C8[56]"),
        (WithoutContext, "C85"),
        (NoPicture, "C86"),
        (NoCaption, "C86"),
        (NoButton, "C86"),
        (FirstButtonsAtOnce, "C69"),
        (Swapped, "C68"),
        (Markup, "C68"),
        (TurnsTwice, "C28"),
        (NoDescription, "C80"),
        (LastButtonsStay, "C28"),
        (Blocking, "C59"),
    ],
)
async def test_what_one_kind_of_prompt_loses_or_mixes_up_is_noticed(broken: type[Radio], rule: str) -> None:
    with pytest.raises(BrokenRule, match=f"^{rule} "):
        await check(broken)


class KeepsItsBody(Radio):
    """One body for all messages: what one has stays in the next, of another person."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self.said: dict[str, Any] = {}

    def render(self, prompt: Prompt, account: str, to: Address) -> Sequence[Call]:
        self.said |= {"to": to.reveal(), "text": prompt.text, "wants": prompt.wants}
        if prompt.choices:
            self.said["buttons"] = self.buttons(prompt)
        return [Call(account=account, method="text", body=msgspec.json.encode(self.said))]


def test_what_one_persons_rendering_leaves_in_anothers_is_noticed() -> None:
    peer = Peer(channel=Radio, read=Tower().read)
    for made in (Radio, KeepsItsBody):
        with nullcontext() if made is Radio else pytest.raises(BrokenRule, match=r"^C29 "):
            check_prompts(case(made("http://localhost:1"), peer=peer))
