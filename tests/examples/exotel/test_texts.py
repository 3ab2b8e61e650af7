"""The Exotel example can be built, installed and loaded like an outside plugin; its text messages keep the contract."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import parse_qsl, urlencode

import pytest

from satark.api.channel import Channel, RawRequest
from satark.api.inbound import Address
from satark.runtime.compose import load_channels
from satark.settings.settings import Settings
from satark_exotel import plugin
from satark_exotel.plugin import ExotelSettings
from satark_exotel.provider import Exotel
from satark_sms_ivr import plugin as sms_ivr
from satark_testing.contracts.channel import ChannelCase, Peer, Received, Reply, Said, check_channel
from satark_testing.contracts.plugin import PluginCase, Plugins, check_plugin
from support.wheels import Install, run_satark

pytestmark = pytest.mark.slow("a contract")

EXAMPLE = Path(__file__).parents[3] / "examples/exotel"
MOST_LINES = 160
PHONE = "09876543210"
SECRET = "a-path-that-nobody-guesses"
SETTINGS = {
    "SATARK_EXOTEL__SID": "police1",
    "SATARK_EXOTEL__NUMBER": "+911140001000",
    "SATARK_EXOTEL__API_KEY": "the-api-key",
    "SATARK_EXOTEL__API_TOKEN": "the-token",
    "SATARK_EXOTEL__PATH_SECRET": SECRET,
}


@pytest.fixture
def configured(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)


def channel(url: str = "https://api.exotel.example") -> Channel:
    """Return the channel that the plugin `sms_ivr` makes of the provider."""
    plugins = Plugins()
    plugins.register(sms_ivr, "sms_ivr")
    plugins.register(plugin, "exotel")
    os.environ["SATARK_EXOTEL__SUBDOMAIN"] = url
    try:
        (made,) = load_channels(Settings(), plugins)
    finally:
        del os.environ["SATARK_EXOTEL__SUBDOMAIN"]
    return made


def request(method: str, sid: str, text: str) -> RawRequest:
    form = urlencode({"SmsSid": sid, "From": PHONE, "To": "+911140001000", "Body": text, "Circle": "UP-EAST"})
    content = {"query": form} if method == "GET" else {"body": form.encode()}
    return RawRequest(method=method, path=f"/sms/exotel/{SECRET}", **content)


def read(received: Received) -> Said | None:
    form = dict(parse_qsl(received.body.decode()))
    return Said(form["To"], form["Body"]) if received.path.endswith("/Sms/send") else None


def answer(_received: Received) -> Reply:
    return Reply(200, b"<TwilioResponse><SMSMessage><Sid>5fa165</Sid></SMSMessage></TwilioResponse>")


@pytest.mark.usefixtures("configured")
@pytest.mark.parametrize("inline", [True, False], ids=["answered in the response", "answered by messages"])
async def test_the_channel_keeps_the_contract_by_get_and_post_with_a_secret_path(
    inline: bool,  # noqa: FBT001 - a row of the table
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(Exotel, "inline", inline)
    assert channel().capabilities.inline == inline
    await check_channel(
        ChannelCase(
            channel=channel(),
            to=Address(PHONE),
            genuine=[request("GET", "s1", "नमस्ते सतर्क"), request("POST", "s2", "TIP they sell arms")],
            identifiers=(PHONE, "9876543210", "UP-EAST"),
            texts=("नमस्ते सतर्क", "they sell arms"),
            peer=Peer(channel=channel, read=read, answer=answer, secrets=("the-api-key", "the-token", SECRET)),
            covers_body=False,
            proven_by="path",
        )
    )


@pytest.mark.usefixtures("configured")
def test_a_message_names_the_template_of_its_text() -> None:
    settings = {name.removeprefix("SATARK_EXOTEL__").lower(): value for name, value in SETTINGS.items()}
    call = Exotel(ExotelSettings.model_validate(settings)).message_call(PHONE, "Known.", "1107")
    assert b"DltTemplateId=1107" in call.body


@pytest.mark.usefixtures("configured")
def test_two_text_message_providers_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SATARK_TWILIO__ACCOUNT_SID", "AC1")
    monkeypatch.setenv("SATARK_TWILIO__AUTH_TOKEN", "auth-token")
    monkeypatch.setenv("SATARK_TWILIO__NUMBER", "+15550100100")
    with pytest.raises(Exception, match="more than one SMS provider"):
        channel()


def test_the_plugin_keeps_the_contract() -> None:
    secrets = (SETTINGS["SATARK_EXOTEL__API_KEY"], SETTINGS["SATARK_EXOTEL__API_TOKEN"], SECRET)
    check_plugin(PluginCase(module=plugin, name="exotel", settings=SETTINGS, secrets=secrets))


@pytest.mark.parametrize("file", sorted((EXAMPLE / "satark_exotel").glob("*.py")), ids=lambda file: file.stem)
def test_the_example_is_short_and_imports_no_plugin(file: Path) -> None:
    text = file.read_text()
    assert len(text.splitlines()) <= MOST_LINES
    assert "satark_sms_ivr" not in text


def test_the_plugin_is_found_by_name_in_the_wheel(installed: Install) -> None:
    target = installed("exotel")
    listed = run_satark("plugins", PYTHONPATH=str(target), SATARK_PLUGINS='["exotel", "sms_ivr"]')
    assert ["exotel", "loaded"] in [line.split() for line in listed.splitlines()]
