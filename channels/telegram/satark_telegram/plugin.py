"""The plugin's entry point: hands over the channel if it is configured."""

from __future__ import annotations

from functools import partial
from importlib.util import find_spec
from typing import TYPE_CHECKING

from satark import hookimpl
from satark.flow import default_flow, read_flow
from satark.settings.settings import SettingProblem, SettingsError
from satark.speech.voice_notes import VoiceNotes
from satark_telegram.channel import TelegramChannel
from satark_telegram.settings import TelegramSettings

if TYPE_CHECKING:
    from satark.api.channel import Channel
    from satark.settings.settings import Settings
    from satark_words.catalogues import Catalogues


@hookimpl
def satark_channels(settings: Settings) -> list[Channel]:
    """Hand over the Telegram channel; nothing where no setting of it is given.

    Raises:
        satark.settings.settings.SettingsError: a setting of the section `telegram` is missing or wrong, or
            python-telegram-bot is not installed.
    """
    section = settings.section("telegram", TelegramSettings)
    if section is None:
        return []
    if find_spec("telegram") is None:
        message, hint = "python-telegram-bot is not installed", "pip install 'satark[telegram]'"
        raise SettingsError([SettingProblem("telegram", "SATARK_TELEGRAM__TOKEN", message, hint)])
    notes = VoiceNotes(settings.core.voice_clips)
    return [TelegramChannel(section, settings.core.public_url, partial(_catalogues, settings), notes)]


def _catalogues(settings: Settings) -> Catalogues:
    """Return the catalogues of the flow in use: the menu names the commands in each of its languages."""
    path, offered = settings.core.flow, settings.core.languages
    source = read_flow(path, offered) if path else default_flow(offered)
    return source.catalogues.only(source.offered)
