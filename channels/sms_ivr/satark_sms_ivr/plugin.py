"""The plugin's entry point: the channels `sms` and `voice`, over Twilio or the providers that other plugins offer."""

from collections.abc import Sequence

import click
from starlette.staticfiles import StaticFiles

from satark.api import (
    CallProvider,
    Capabilities,
    Channel,
    ListeningCallProvider,
    Page,
    Prompt,
    SettingProblem,
    Settings,
    SettingsError,
    SmsProvider,
    hookimpl,
)
from satark_sms_ivr.dlt import ApprovedTexts, read_ids
from satark_sms_ivr.keypad import fit_to_keypad
from satark_sms_ivr.segments import fit_to_sms
from satark_sms_ivr.settings import CallSettings, SmsSettings, TwilioSettings
from satark_sms_ivr.sms import SmsChannel
from satark_sms_ivr.spoken_lines import CLIPS_PATH
from satark_sms_ivr.twilio import TwilioSms, TwilioVoice
from satark_sms_ivr.voice import ListeningVoiceChannel, VoiceChannel

_PUBLIC = SettingProblem.of(
    setting="public_url",
    message="is missing",
    hint="Twilio signs its requests for the address that it calls; give the https:// address of your reverse proxy",
)


@hookimpl
def satark_channels(
    settings: Settings, sms_providers: Sequence[SmsProvider], call_providers: Sequence[CallProvider]
) -> list[Channel]:
    """Hand over the channels SMS and voice: each if Twilio is configured for it or another plugin offers a provider.

    Raises:
        SettingsError: a setting is missing or wrong, the public address is missing, or there is more
            than one provider of text messages or of calls.
    """
    section, core = settings.section(TwilioSettings.SECTION, TwilioSettings), settings.core
    calls = settings.section(CallSettings.SECTION, CallSettings) or CallSettings()
    carried: Sequence[CallProvider] = [one for one in call_providers if isinstance(one, ListeningCallProvider)]
    call_providers = [one for one in call_providers if one not in carried]
    _check_one("SMS", len(sms_providers) + (section is not None))
    _check_one("call", len(call_providers) + (section is not None))
    approved = _approved(settings)
    if section is not None:
        if not core.public_url:
            raise SettingsError([_PUBLIC])
        sms_providers = [TwilioSms(section, core.public_url)]
        call_providers = [TwilioVoice(section, core.public_url)]
    made: list[Channel] = [SmsChannel(provider, approved) for provider in sms_providers]
    if call_providers or carried:
        providers: Sequence[CallProvider] = [*call_providers, *carried]
        channel = ListeningVoiceChannel if carried else VoiceChannel
        made.append(channel(providers[0], calls, core.public_url, core.languages, *providers[1:]))
    return made


def _check_one(kind: str, count: int) -> None:
    if count > 1:
        message = f"more than one {kind} provider is configured"
        hint = "leave out the section [twilio], or the plugin of the other provider"
        raise SettingsError([SettingProblem.of("plugins", message, hint)])


def _approved(settings: Settings) -> ApprovedTexts | None:
    section = settings.section(SmsSettings.SECTION, SmsSettings)
    if section is None or section.dlt_templates is None:
        return None
    try:
        return ApprovedTexts(read_ids(section.dlt_templates), settings.core.languages)
    except ValueError as error:
        raise SettingsError([SettingProblem.of("sms.dlt_templates", str(error))]) from None


@hookimpl
def satark_web_pages(settings: Settings) -> list[Page]:
    """Serve the folder of recorded prompts, if one is configured."""
    section = settings.section(CallSettings.SECTION, CallSettings)
    if section is None or section.clips is None:
        return []
    return [Page(path=CLIPS_PATH, app=StaticFiles(directory=section.clips))]


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
    from satark_sms_ivr.commands import sms_group, voice_group  # noqa: PLC0415 - servers do not need the commands

    cli.add_command(voice_group)
    cli.add_command(sms_group)
