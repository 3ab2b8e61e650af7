"""The plugin's entry point: hands over the channel if it is configured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from satark import hookimpl
from satark_whatsapp.channel import WhatsAppChannel
from satark_whatsapp.settings import WhatsAppSettings

if TYPE_CHECKING:
    from satark.channel import Channel
    from satark.settings import Settings


@hookimpl
def satark_channels(settings: Settings) -> list[Channel]:
    """Hand over the WhatsApp channel; nothing where no setting of it is given.

    Raises:
        satark.settings.SettingsError: a setting of the section `whatsapp` is missing or wrong.
    """
    section = settings.section("whatsapp", WhatsAppSettings)
    return [] if section is None else [WhatsAppChannel(section)]
