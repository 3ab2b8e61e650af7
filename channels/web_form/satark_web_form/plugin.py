"""The plugin's entry point: hands over the channel `web_form`, the form at `/` and the mailbox at `/status`."""

from collections.abc import Sequence
from pathlib import Path

from satark.api import Channel, Page, Settings, WebContext, hookimpl
from satark_web_form.app import build_app
from satark_web_form.channel import WebFormChannel
from satark_web_form.proof_of_work.proof_of_work import ProofOfWork
from satark_web_form.settings import WebFormSettings
from satark_web_form.site import FormSite
from satark_web_form.uploads.upload_store import UploadStore

SECTION = "web_form"


@hookimpl
def satark_channels(settings: Settings) -> Sequence[Channel]:
    """Hand over the channel `web_form`.

    Raises:
        satark.api.SettingsError: a setting of the section `web_form` is wrong.
    """
    return [WebFormChannel(_uploads(settings), _proofs(settings))]


@hookimpl
def satark_web_pages(settings: Settings, context: WebContext) -> Sequence[Page]:
    """Hand over the form and the mailbox, at the root of the site."""
    section = _section(settings)
    key = context.secret_key("web_form/proof_of_work.key")
    proof_of_work = ProofOfWork(key, _proofs(settings), section)
    public_url = settings.core.public_url
    site = FormSite(context, section, public_url=public_url, uploads=_uploads(settings), proof_of_work=proof_of_work)
    return [Page(path="/", app=build_app(site))]


def _proofs(settings: Settings) -> Path:
    return settings.core.data_dir / "web_form" / "proof_of_work"


def _uploads(settings: Settings) -> UploadStore:
    return UploadStore(settings.files.below("web_form/uploads"), _section(settings), settings.evidence_limits)


def _section(settings: Settings) -> WebFormSettings:
    return settings.section(SECTION, WebFormSettings) or WebFormSettings()
