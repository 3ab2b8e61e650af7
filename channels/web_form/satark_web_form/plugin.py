"""The plugin `web_form`: the form at `/`, the mailbox at `/status`, and the channel that both speak."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from satark import hookimpl
from satark.web import Page
from satark_web_form.app import build
from satark_web_form.channel import WebFormChannel
from satark_web_form.settings import WebFormSettings
from satark_web_form.site import Site

if TYPE_CHECKING:
    from satark.channel import Channel
    from satark.services import Services
    from satark.settings import Settings

SECTION = "web_form"


@hookimpl
def satark_channels(settings: Settings) -> Sequence[Channel]:
    """Hand over the channel `web_form`.

    Raises:
        satark.settings.SettingsError: a setting of the section is wrong.
    """
    _section(settings)
    return [WebFormChannel()]


@hookimpl
def satark_pages(settings: Settings, services: Services) -> Sequence[Page]:
    """Hand over the form and the mailbox, at the root of the site."""
    site = Site(services, _section(settings), settings.core.public_url)
    return [Page(path="/", role="web", app=build(site))]


def _section(settings: Settings) -> WebFormSettings:
    return settings.section(SECTION, WebFormSettings) or WebFormSettings()
