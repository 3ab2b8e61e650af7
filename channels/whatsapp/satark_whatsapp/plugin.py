"""The plugin's entry point: hands over the channel if it is configured."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.util import find_spec
from typing import TYPE_CHECKING, Final

from satark.api import CallProvider, Channel, ChannelContext, SettingProblem, Settings, SettingsError, hookimpl
from satark_whatsapp.calls.call_provider import WhatsAppCalls
from satark_whatsapp.channel import WhatsAppChannel
from satark_whatsapp.settings import WhatsAppSettings

if TYPE_CHECKING:
    import click

_NO_CALLS: Final = SettingProblem.of(
    setting="whatsapp.calls_at_once",
    message="switches calls on, and aiortc is not installed",
    hint="pip install 'satark[calls]', or leave the setting out",
)


@hookimpl
def satark_call_providers(settings: Settings, context: ChannelContext) -> list[WhatsAppCalls]:
    """Hand over the providers of calls inside WhatsApp, one for each number, if calls are on.

    Raises:
        satark.api.SettingsError: calls are on, and aiortc is not installed.
    """
    section = settings.section("whatsapp", WhatsAppSettings)
    if section is None or not section.calls_at_once:
        return []
    if find_spec("aiortc") is None:
        raise SettingsError([_NO_CALLS])
    return [WhatsAppCalls(section, number, context) for number in section.phone_number_ids]


@hookimpl
def satark_channels(
    settings: Settings, context: ChannelContext, call_providers: Sequence[CallProvider]
) -> list[Channel]:
    """Hand over the WhatsApp channel if any setting of it is given.

    Raises:
        satark.api.SettingsError: a setting of the section `whatsapp` is missing or wrong.
    """
    section = settings.section("whatsapp", WhatsAppSettings)
    calls = [one for one in call_providers if isinstance(one, WhatsAppCalls)]
    return [] if section is None else [WhatsAppChannel(section, context, calls, settings.core.public_url)]


@hookimpl
def satark_commands(cli: click.Group) -> None:
    from satark_whatsapp.commands import whatsapp_group  # noqa: PLC0415 - servers do not need the commands

    cli.add_command(whatsapp_group)
