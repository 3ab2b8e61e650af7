"""The plugin's entry point: hands over the channel if it is configured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from satark.api import Channel, ChannelContext, Settings, hookimpl
from satark_whatsapp.channel import WhatsAppChannel
from satark_whatsapp.settings import WhatsAppSettings

if TYPE_CHECKING:
    import click


@hookimpl
def satark_channels(settings: Settings, context: ChannelContext) -> list[Channel]:
    """Hand over the WhatsApp channel if any setting of it is given.

    Raises:
        satark.api.SettingsError: a setting of the section `whatsapp` is missing or wrong.
    """
    section = settings.section("whatsapp", WhatsAppSettings)
    return [] if section is None else [WhatsAppChannel(section, context)]


@hookimpl
def satark_commands(cli: click.Group) -> None:
    from satark_whatsapp.commands import whatsapp_group  # noqa: PLC0415 - servers do not need the commands

    cli.add_command(whatsapp_group)
