"""The plugin's entry point: hands over the channels `sms` and `voice` if Twilio is configured."""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.staticfiles import StaticFiles

from satark import hookimpl
from satark.settings import SettingProblem, SettingsError
from satark.web import Page
from satark_sms_ivr.approved_texts import ApprovedTexts, read_ids
from satark_sms_ivr.clips import PATH as CLIPS
from satark_sms_ivr.keypad import fit_to_keypad
from satark_sms_ivr.paging import fit_to_sms
from satark_sms_ivr.settings import SmsSettings, TwilioSettings
from satark_sms_ivr.sms import SmsChannel
from satark_sms_ivr.twilio_sms import TwilioSms
from satark_sms_ivr.voice import VoiceChannel

if TYPE_CHECKING:
    from collections.abc import Sequence

    import click

    from satark.channel import Channel
    from satark.prompt import Capabilities, Prompt
    from satark.settings import Settings
    from satark.sms_provider import SmsProvider

_PUBLIC = SettingProblem(
    setting="public_url",
    env="SATARK_PUBLIC_URL",
    message="is missing",
    hint="Twilio signs its requests for the address that it calls; give the https:// address of your reverse proxy",
)


_ONE_PROVIDER = SettingProblem(
    setting="plugins",
    env="SATARK_PLUGINS",
    message="more than one SMS provider is configured",
    hint="leave out the section [twilio], or the plugin of the other provider",
)


@hookimpl
def satark_channels(settings: Settings, sms_providers: Sequence[SmsProvider]) -> list[Channel]:
    """Hand over SMS and voice; nothing where no setting of the section `twilio` is given and nobody offers a provider.

    Raises:
        satark.settings.SettingsError: a setting of the section is missing or wrong, the public address is missing, or
            there is more than one provider of text messages.
    """
    section = settings.section(TwilioSettings.SECTION, TwilioSettings)
    if len(sms_providers) + (section is not None) > 1:
        raise SettingsError([_ONE_PROVIDER])
    approved = _approved(settings)
    if section is None:
        return [SmsChannel(provider, approved) for provider in sms_providers]
    public_url = settings.core.public_url
    if not public_url:
        raise SettingsError([_PUBLIC])
    return [
        SmsChannel(TwilioSms(section, public_url), approved),
        VoiceChannel(section, public_url, settings.core.languages),
    ]


def _approved(settings: Settings) -> ApprovedTexts | None:
    section = settings.section(SmsSettings.SECTION, SmsSettings)
    if section is None or section.dlt_templates is None:
        return None
    try:
        return ApprovedTexts(read_ids(section.dlt_templates))
    except ValueError as error:
        raise SettingsError([SettingProblem("sms.dlt_templates", "SATARK_SMS__DLT_TEMPLATES", str(error))]) from None


@hookimpl
def satark_web_pages(settings: Settings) -> list[Page]:
    """Serve the folder of recorded prompts, if one is configured."""
    section = settings.section(TwilioSettings.SECTION, TwilioSettings)
    if section is None or section.clips is None:
        return []
    return [Page(path=CLIPS, app=StaticFiles(directory=section.clips))]


@hookimpl
def satark_render(prompt: Prompt, capabilities: Capabilities, language: str) -> Prompt | None:
    """Fit a prompt to a text message of three segments, or to a phone's keypad."""
    del language
    if capabilities.kind == "sms":
        return fit_to_sms(prompt)
    return fit_to_keypad(prompt) if capabilities.kind == "voice" else None


@hookimpl
def satark_commands(cli: click.Group) -> None:
    """Add `satark voice` and `satark sms`."""
    from satark_sms_ivr.commands import voice_group  # noqa: PLC0415 - servers do not need the commands
    from satark_sms_ivr.sms_commands import sms_group  # noqa: PLC0415

    cli.add_command(voice_group)
    cli.add_command(sms_group)
