"""The web form channel keeps the contract of channels."""

from __future__ import annotations

from pathlib import Path

from satark.api.inbound import Address, MediaRef
from satark_testing.contracts.channel import ChannelCase, check_channel
from satark_testing.contracts.plugin import PluginCase, check_plugin
from satark_web_form import plugin
from satark_web_form.channel import ACCOUNT, WebFormChannel
from satark_web_form.uploads.settings import UploadSettings
from satark_web_form.uploads.upload_store import UploadStore
from satark_web_form.visitors import Visitor, new_visitor


async def test_the_web_form_channel_keeps_the_contract(tmp_path: Path) -> None:
    channel = WebFormChannel(UploadStore(tmp_path, UploadSettings()))
    to = Address(new_visitor().secret)
    await check_channel(ChannelCase(channel=channel, to=to, genuine=[], identifiers=[], texts=[]))


def test_the_plugin_keeps_the_contract() -> None:
    check_plugin(PluginCase(module=plugin, name="web_form", settings={}, channels=("web_form",)))


def test_uploads_belong_to_the_channels_account() -> None:
    channel = WebFormChannel(UploadStore(Path("nowhere"), UploadSettings()))
    assert MediaRef(account=ACCOUNT, id="1").account in channel.accounts


def test_a_visitor_has_256_random_bits_and_its_repr_hides_them() -> None:
    visitors = [new_visitor() for _ in range(50)]
    assert len({visitor.secret for visitor in visitors}) == 50
    assert all(len(visitor.secret) == 43 for visitor in visitors)
    assert not [v for v in visitors if v.secret in f"{v!r} {v} {v.address!r} {v.key!r}"]
    assert Visitor("x") == Visitor("x")
