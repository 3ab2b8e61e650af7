"""The simulated providers: each replaces a provider without settings, and adds that provider's media to the phones."""

from __future__ import annotations

import base64
import secrets
from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import msgspec

from satark.api.observability import Redacted
from satark.settings.settings import Settings
from satark_demo import telegram, whatsapp
from satark_demo.police import MakePoliceSystem, PoliceSystem, SimulatedPoliceSystem
from satark_demo.sample_week import MakeCitizen
from satark_demo.simulator import MakeChat
from satark_demo.telegram import TelegramChat
from satark_demo.twilio import CallChat, SmsChat
from satark_demo.whatsapp import WhatsAppCall, WhatsAppChat, missing_for_calls
from satark_files import atomic_files
from satark_testing.installation import PHONE_NUMBER_ID
from satark_testing.processes.serving import serve
from satark_testing.telegram.bot_api import Person, TelegramPeer
from satark_testing.telegram.citizen import TelegramCitizen
from satark_testing.twilio.api import NUMBER, TwilioPeer
from satark_testing.whatsapp.citizen import Citizen
from satark_testing.whatsapp.graph_api import GraphPeer

CALLS_AT_ONCE = 4
"""Calls inside WhatsApp that the demo carries at once."""
POLICE_LIBRARIES = ("asyncssh", "standardwebhooks")
"""Modules that the extra `police` installs. Without them no police system is simulated."""


class SimulatedProviders:
    """Settings sections of the simulated providers, their media on each phone, and the police system.

    The demo is served at the base URL `served` on this machine; providers know it as `public`.
    """

    def __init__(self, served: str, public: str) -> None:
        self.served, self.public = served, public
        self.sections: dict[str, Mapping[str, Any]] = {}
        self.media: list[MakeChat] = []
        self.citizens: list[MakeCitizen] = []
        """Makes sample citizens on each chat."""
        self.calls: dict[str, WhatsAppCall] = {}
        """Id → the call inside WhatsApp, while it is under way."""
        self.police: MakePoliceSystem = lambda _: PoliceSystem("real")


@asynccontextmanager
async def simulated_providers(settings: Settings, served: str, public: str) -> AsyncIterator[SimulatedProviders]:
    """Serve a simulated provider in place of each provider that has no settings.

    `served`: the demo's base URL on this machine. `public`: the base URL that providers know.
    """
    missing = [name for name in _PROVIDERS if not settings.is_set(name)]
    simulated = SimulatedProviders(served, public)
    async with AsyncExitStack() as stack:
        if missing:
            settings.core.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            accounts = load_or_make_accounts(settings.core.data_dir / "demo.json")
            for name in missing:
                await _PROVIDERS[name](stack, simulated, accounts)
        if "police_system" not in settings.core.plugins:
            simulated.police = lambda _: PoliceSystem("off")
        yield simulated


async def _whatsapp(stack: AsyncExitStack, to: SimulatedProviders, accounts: ProviderAccounts) -> None:
    peer = await stack.enter_async_context(GraphPeer(**accounts.fields["whatsapp"]))
    at_once = 0 if missing_for_calls() == "aiortc" else CALLS_AT_ONCE
    url = await stack.enter_async_context(serve(peer.app))
    to.sections["whatsapp"] = {**accounts.fields["whatsapp"], "graph_url": url, "calls_at_once": at_once}
    chats: dict[int, WhatsAppChat] = {}
    to.media.append(lambda number, publish: chats.setdefault(number, WhatsAppChat(number, peer, to.served, publish)))
    to.media.append(lambda number, publish: WhatsAppCall(chats[number], peer, to.calls, publish))
    webhook = to.served + whatsapp.WEBHOOK
    to.citizens.append(lambda number: Citizen(peer, webhook, wa_id=f"9199999{number:05}"))


async def _telegram(stack: AsyncExitStack, to: SimulatedProviders, accounts: ProviderAccounts) -> None:
    peer = await stack.enter_async_context(TelegramPeer(**accounts.fields["telegram"]))
    url = await stack.enter_async_context(serve(peer.app))
    to.sections["telegram"] = {**accounts.fields["telegram"], "api_url": url}
    to.media.append(lambda number, publish: TelegramChat(number, peer, to.served, publish))
    webhook = to.served + telegram.WEBHOOK
    to.citizens.append(lambda number: TelegramCitizen(peer, Person(id=7_000_000_000 + number), webhook))


async def _twilio(stack: AsyncExitStack, to: SimulatedProviders, accounts: ProviderAccounts) -> None:
    peer = await stack.enter_async_context(TwilioPeer(**accounts.fields["twilio"], served={to.public: to.served}))
    peer.configure(to.public)
    url = await stack.enter_async_context(serve(peer.app))
    to.sections["twilio"] = {**accounts.fields["twilio"], "api_url": url}
    to.media.append(lambda number, publish: SmsChat(number, peer, to.public, publish))
    to.media.append(lambda number, publish: CallChat(number, peer, to.public, publish))


async def _police(stack: AsyncExitStack, to: SimulatedProviders, accounts: ProviderAccounts) -> None:
    if not all(map(find_spec, POLICE_LIBRARIES)):
        to.police = lambda _: PoliceSystem("missing")
        return
    from satark_testing.peers.police import PoliceReceiver  # noqa: PLC0415 - its library is an extra

    receiver = PoliceReceiver(**accounts.fields["police_system"])
    url = await stack.enter_async_context(serve(receiver.app))
    to.sections["police_system"] = {**accounts.fields["police_system"], "url": f"{url}/tips"}
    to.police = lambda publish: SimulatedPoliceSystem(receiver, f"{to.served}/police_system/main/answers", publish)


_PROVIDERS = {"whatsapp": _whatsapp, "telegram": _telegram, "twilio": _twilio, "police_system": _police}


class ProviderAccounts(Redacted, frozen=True):
    """What each provider and Satark share. The secrets are random: a demo rejects requests that another one signed."""

    fields: Mapping[str, Mapping[str, Any]]
    """Name of a provider → the settings that a real account would need."""


def load_or_make_accounts(file: Path) -> ProviderAccounts:
    """Read the accounts from a file. If the file does not exist, make the accounts and write it (file mode 0600).

    Raises:
        OSError: the file can't be read or written.
        msgspec.DecodeError: the file holds no accounts.
    """
    if file.exists():
        return ProviderAccounts(msgspec.json.decode(file.read_bytes(), type=dict[str, dict[str, str]]))
    accounts = _new_accounts()
    atomic_files.replace(file, [msgspec.json.encode(accounts.fields)])
    return accounts


def _new_accounts() -> ProviderAccounts:
    return ProviderAccounts({
        "whatsapp": {
            "app_secret": secrets.token_hex(16),
            "verify_token": secrets.token_urlsafe(16),
            "access_token": secrets.token_urlsafe(32),
            "phone_number_id": PHONE_NUMBER_ID,
        },
        "telegram": {
            "token": f"{secrets.randbelow(9 * 10**9) + 10**9}:{secrets.token_urlsafe(26)}",
            "secret_token": secrets.token_urlsafe(32),
        },
        "twilio": {
            "account_sid": f"AC{secrets.token_hex(16)}",
            "auth_token": secrets.token_hex(16),
            "number": NUMBER,
        },
        "police_system": {"secret": f"whsec_{base64.b64encode(secrets.token_bytes(32)).decode()}"},
    })  # fmt: skip
