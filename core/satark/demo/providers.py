"""The pretended providers: each stands in where nothing of its own settings is set, and brings media to the phones."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import msgspec

from satark.demo.account import Accounts, keep_accounts
from satark.demo.call import CallChat
from satark.demo.police import MakePolice, Police, PretendedPolice
from satark.demo.sms import SmsChat
from satark.demo.telegram import TelegramChat
from satark.demo.whatsapp import WhatsAppChat
from satark.testing.processes.serving import serve
from satark.testing.telegram.bot_api import TelegramPeer
from satark.testing.twilio.api import TwilioPeer
from satark.testing.whatsapp.graph_api import GraphPeer

if TYPE_CHECKING:
    from satark.demo.phones import MakeChat
    from satark.settings import Settings

POLICE_LIBRARIES = ("asyncssh", "standardwebhooks")
"""What the extra `police` installs; without it there is no police system."""


class Pretended:
    """What stands in: settings by section, the media that the phones have of it, and the police system."""

    def __init__(self) -> None:
        self.sections: dict[str, Mapping[str, Any]] = {}
        self.media: list[MakeChat] = []
        self.police: MakePolice = lambda _: Police("real")


@asynccontextmanager
async def pretended(settings: Settings, served: str, public: str) -> AsyncIterator[Pretended]:
    """Serve a pretended provider for each one that the settings say nothing of.

    Args:
        settings: as they are set.
        served: where the demo is reached from this machine.
        public: the address that the providers know it by.
    """
    missing = [name for name in _PROVIDERS if not settings.is_set(name)]
    stand_ins = Pretended()
    async with AsyncExitStack() as stack:
        if missing:
            settings.core.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            accounts = keep_accounts(settings.core.data_dir / "demo.json")
            for name in missing:
                await _PROVIDERS[name](stack, stand_ins, accounts, served, public)
        if "police_system" not in settings.core.plugins:
            stand_ins.police = lambda _: Police("off")
        yield stand_ins


async def _whatsapp(stack: AsyncExitStack, to: Pretended, accounts: Accounts, served: str, _public: str) -> None:
    peer = await stack.enter_async_context(GraphPeer(**msgspec.to_builtins(accounts.whatsapp)))
    to.sections["whatsapp"] = accounts.whatsapp.section(await stack.enter_async_context(serve(peer.app)))
    to.media.append(lambda number, publish: WhatsAppChat(number, peer, served, publish))


async def _telegram(stack: AsyncExitStack, to: Pretended, accounts: Accounts, served: str, _public: str) -> None:
    peer = await stack.enter_async_context(TelegramPeer(**msgspec.to_builtins(accounts.telegram)))
    to.sections["telegram"] = accounts.telegram.section(await stack.enter_async_context(serve(peer.app)))
    to.media.append(lambda number, publish: TelegramChat(number, peer, served, publish))


async def _twilio(stack: AsyncExitStack, to: Pretended, accounts: Accounts, served: str, public: str) -> None:
    peer = TwilioPeer(**msgspec.to_builtins(accounts.twilio), served={public: served})
    await stack.enter_async_context(peer)
    to.sections["twilio"] = accounts.twilio.section(await stack.enter_async_context(serve(peer.app)))
    to.media.append(lambda number, publish: SmsChat(number, peer, public, publish))
    to.media.append(lambda number, publish: CallChat(number, peer, public, publish))


async def _police(stack: AsyncExitStack, to: Pretended, accounts: Accounts, served: str, _public: str) -> None:
    if not all(map(find_spec, POLICE_LIBRARIES)):
        to.police = lambda _: Police("missing")
        return
    from satark.testing.peers.police import PoliceReceiver  # noqa: PLC0415 - its library is an extra

    receiver = PoliceReceiver(accounts.police_system.secret)
    url = await stack.enter_async_context(serve(receiver.app))
    to.sections["police_system"] = accounts.police_system.section(f"{url}/tips")
    to.police = lambda publish: PretendedPolice(receiver, f"{served}/police_system/main/answers", publish)


_PROVIDERS = {"whatsapp": _whatsapp, "telegram": _telegram, "twilio": _twilio, "police_system": _police}
