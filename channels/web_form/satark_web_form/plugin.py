"""The plugin `web_form`: the form at `/`, the mailbox at `/status`, and the channel that both speak."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from satark import hookimpl
from satark.sealing import load_edge_key
from satark.web import Page
from satark_web_form.app import build
from satark_web_form.channel import WebFormChannel
from satark_web_form.gate.gate import Gate
from satark_web_form.settings import WebFormSettings
from satark_web_form.site import Site
from satark_web_form.uploads.staging import Staging

if TYPE_CHECKING:
    from satark.channel import Channel
    from satark.services import WebContext
    from satark.settings import Settings

SECTION = "web_form"


@hookimpl
def satark_channels(settings: Settings) -> Sequence[Channel]:
    """Hand over the channel `web_form`.

    Raises:
        satark.settings.SettingsError: a setting of the section is wrong.
    """
    return [WebFormChannel(_staging(settings))]


@hookimpl
def satark_web_pages(settings: Settings, context: WebContext) -> Sequence[Page]:
    """Hand over the form and the mailbox, at the root of the site."""
    section, folder = _section(settings), settings.core.data_dir / "web_form"
    gate = Gate(load_edge_key(folder / "gate.key", create=True), folder / "gate", section)
    site = Site(context, section, public_url=settings.core.public_url, staging=_staging(settings), gate=gate)
    return [Page(path="/", app=build(site))]


def _staging(settings: Settings) -> Staging:
    return Staging(settings.core.data_dir / "web_form" / "uploads", _section(settings))


def _section(settings: Settings) -> WebFormSettings:
    return settings.section(SECTION, WebFormSettings) or WebFormSettings()
