"""The plugin's entry point: hands over the channel if it is configured."""

from __future__ import annotations

from importlib.util import find_spec

from satark.api import Channel, ChannelContext, SettingProblem, Settings, SettingsError, hookimpl
from satark_telegram.channel import TelegramChannel
from satark_telegram.settings import TelegramSettings


@hookimpl
def satark_channels(settings: Settings, context: ChannelContext) -> list[Channel]:
    """Hand over the Telegram channel if any setting of it is given.

    Raises:
        satark.api.SettingsError: a setting of the section `telegram` is missing or wrong, or python-telegram-bot is
            not installed.
    """
    section = settings.section("telegram", TelegramSettings)
    if section is None:
        return []
    if find_spec("telegram") is None:
        message, hint = "python-telegram-bot is not installed", "pip install 'satark[telegram]'"
        raise SettingsError([SettingProblem("telegram", "SATARK_TELEGRAM__TOKEN", message, hint)])
    return [TelegramChannel(section, settings.core.public_url, context)]
