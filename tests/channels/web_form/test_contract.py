"""The web form channel keeps the contract of channels."""

from __future__ import annotations

from pathlib import Path

from satark.api.inbound import Address
from satark_files.file_store import FolderStore
from satark_testing.contracts.channel import ChannelCase, check_channel
from satark_testing.contracts.plugin import PluginCase, check_plugin
from satark_web_form import plugin
from satark_web_form.channel import WebFormChannel
from satark_web_form.settings import UploadSettings
from satark_web_form.uploads.upload_store import UploadStore
from satark_web_form.visitor_cookie import new_visitor


async def test_the_web_form_channel_keeps_the_contract(tmp_path: Path) -> None:
    channel = WebFormChannel(UploadStore(FolderStore(tmp_path), UploadSettings()), tmp_path)
    to = Address(new_visitor().secret)
    await check_channel(ChannelCase(channel=channel, to=to, genuine=[], identifiers=[], texts=[]))


def test_the_plugin_keeps_the_contract() -> None:
    check_plugin(PluginCase(module=plugin, name="web_form", settings={}, channels=("web_form",)))
