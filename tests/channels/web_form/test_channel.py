"""The channel has no webhook and makes no calls; it fetches files that its pages stored."""

from __future__ import annotations

from pathlib import Path

import pytest

from satark.api.channel import Outcome, RawRequest
from satark.api.inbound import Address, Malformed, MediaRef
from satark.api.outbound import Call, Permanent
from satark.api.prompt import Prompt
from satark_files.file_store import FolderStore
from satark_web_form.channel import ACCOUNT, WebFormChannel
from satark_web_form.settings import UploadSettings
from satark_web_form.uploads.upload_store import UploadStore


def test_uploads_belong_to_the_channels_account() -> None:
    channel = WebFormChannel(UploadStore(FolderStore(Path("nowhere")), UploadSettings()), Path("nowhere"))
    assert MediaRef(account=ACCOUNT, id="1").account in channel.accounts


async def test_every_webhook_is_refused_and_no_call_is_made(tmp_path: Path) -> None:
    channel = WebFormChannel(UploadStore(FolderStore(tmp_path), UploadSettings()), tmp_path)
    raw = RawRequest(method="POST", path="/")
    assert not channel.verify(raw)
    with pytest.raises(Malformed):
        channel.parse(raw)
    prompt = Prompt(text="?", language="en")
    assert not [*channel.render(prompt, ACCOUNT, Address("x")), *channel.notice(prompt, ACCOUNT, Address("x"))]
    assert await channel.send(Call(account=ACCOUNT, method="messages", body=b""), "1") == Permanent("method")


def test_a_reply_holds_every_prompt_as_text(tmp_path: Path) -> None:
    channel = WebFormChannel(UploadStore(FolderStore(tmp_path), UploadSettings()), tmp_path)
    prompts = (Prompt(text="Saved.", language="en"), Prompt(text="कहाँ?", language="hi"))
    answer = channel.reply(RawRequest(method="POST", path="/"), Outcome(prompts=prompts))
    assert answer.body.decode() == "Saved.\n\nकहाँ?"
