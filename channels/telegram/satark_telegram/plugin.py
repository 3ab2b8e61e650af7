"""The plugin's entry point: hands over the channel if it is configured."""

from satark.api import Channel, ChannelContext, Settings, hookimpl
from satark_telegram.channel import TelegramChannel
from satark_telegram.settings import TelegramSettings


@hookimpl
def satark_channels(settings: Settings, context: ChannelContext) -> list[Channel]:
    """Hand over the Telegram channel if any setting of it is given.

    Raises:
        satark.api.SettingsError: a setting of the section `telegram` is missing or wrong.
    """
    section = settings.section("telegram", TelegramSettings)
    return [] if section is None else [TelegramChannel(section, settings.core.public_url, context)]
