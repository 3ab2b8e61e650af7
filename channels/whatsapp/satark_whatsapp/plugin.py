"""The plugin's entry point: hands over the channel if it is configured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from satark import hookimpl
from satark.speech.voice_notes import VoiceNotes
from satark_whatsapp.channel import WhatsAppChannel
from satark_whatsapp.settings import WhatsAppSettings

if TYPE_CHECKING:
    import click

    from satark.api.channel import Channel
    from satark.settings.settings import Settings


@hookimpl
def satark_channels(settings: Settings) -> list[Channel]:
    """Hand over the WhatsApp channel; nothing where no setting of it is given.

    Raises:
        satark.settings.settings.SettingsError: a setting of the section `whatsapp` is missing or wrong.
    """
    section, core = settings.section("whatsapp", WhatsAppSettings), settings.core
    return [] if section is None else [WhatsAppChannel(section, VoiceNotes(core.voice_clips), core.public_url)]


@hookimpl
def satark_commands(cli: click.Group) -> None:
    """Add `satark whatsapp`."""
    from satark_whatsapp.commands import whatsapp_group  # noqa: PLC0415 - servers do not need the commands

    cli.add_command(whatsapp_group)
