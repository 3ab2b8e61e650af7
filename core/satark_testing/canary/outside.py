"""Data that leaves an installation: mails with sealed tips, a broker's messages, and what officers export.

Mails and messages are searched where their servers are installed.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from importlib import import_module
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, Final

import click
from click.testing import CliRunner
from sqlalchemy import select

from satark.api.routing import Destination
from satark.api.services import COMMAND_HOST
from satark.casework.pack_export import export_pack
from satark.custody.manifest import Issuer
from satark.delivery.destination_keys import own_key
from satark.runtime.commands import CommandHost
from satark.store.engines import make_engine
from satark.store.tables import delivery
from satark_desk.command_context import unlocked_desk
from satark_desk.file_exports import export
from satark_testing.identifier_search import files_below
from satark_testing.installation import DESKS, Installation
from satark_testing.waiting import until

if TYPE_CHECKING:
    from satark_testing.peers.mail import MailPeer


MAILBOX: Final = "email:cell"
# Not below `example`, where the tipsters have their addresses.
_SENDER: Final = "satark@tips.test"
_RECIPIENT: Final = "cell@up.test"
_QUEUES: Final = ("sp", "dig")


class MailAndBroker:
    """The mail server and the broker that one installation sends to.

    Args:
        mails: the mail server; None: there is none.
        broker: URL of a RabbitMQ; empty: there is none.
        prefix: what the names of the broker's queues begin with.
        environment: the settings that make the installation send to them.
    """

    def __init__(self, mails: MailPeer | None, broker: str, prefix: str, environment: dict[str, str]) -> None:
        self.environment = environment
        self._mails, self._broker, self._prefix = mails, broker, prefix
        self.finds: set[str] = set()
        """Problems with what was sent, other than identifiers."""

    @property
    def destinations(self) -> tuple[str, ...]:
        """The destinations that the settings name. A metric may name them too, since they do not depend on any tip."""
        return (MAILBOX, *(Destination.of("rabbitmq", name) for name in _QUEUES))

    @property
    def left_out(self) -> tuple[str, ...]:
        """What is not searched, and why."""
        missing = []
        if self._mails is None:
            missing.append("mails, which need gpg and aiosmtpd on this machine")
        if not self._broker:
            missing.append("a broker's messages, which need rabbitmq-server on this machine")
        return tuple(missing)

    async def sent(self, tips: int, urls: tuple[str, str]) -> dict[str, bytes]:
        """Wait until every delivery is done; return every mail and message: name → content.

        Args:
            tips: how many tips were submitted.
            urls: the databases.

        Raises:
            TimeoutError: a delivery still waits.
            AssertionError: fewer tips were sent than submitted.
        """
        await until(lambda: not _waiting(urls[0]), every=0.25)
        found: dict[str, bytes] = {}
        if self._mails is not None:
            _check(len(self._mails.received), tips, "mailed")
            found |= {
                f"mail {number}": b"\n".join((mail.content, mail.sender.encode(), *map(str.encode, mail.recipients)))
                for number, mail in enumerate(self._mails.received)
            }
        if self._broker:
            found |= await self._messages(tips)
        return found

    async def _messages(self, tips: int) -> dict[str, bytes]:
        """Read the messages in the broker's queues without removing them."""
        aio_pika: Any = import_module("aio_pika")
        found: dict[str, bytes] = {}
        async with await aio_pika.connect(self._broker) as connection:
            channel = await connection.channel()
            for name in _QUEUES:
                queue, before = await channel.get_queue(f"{self._prefix}{name}"), len(found)
                while message := await queue.get(fail=False):
                    outside = repr({**message.info(), "headers": message.headers})
                    found[f"message {len(found)} of the broker, queue {name}"] = outside.encode() + message.body
                    if message.timestamp is not None:
                        self.finds.add("an exact time in a message of the broker")
                _check(len(found) - before, tips, f"published to {name}")
        return found


def _waiting(url: str) -> list[str]:
    """Return the destinations for which a delivery still waits."""
    engine = make_engine(url)
    with engine.connect() as connection:
        query = select(delivery.c.destination).where(delivery.c.state.in_(("due", "blocked")))
        waiting = list(connection.execute(query).scalars())
    engine.dispose()
    return waiting


def _check(sent: int, tips: int, how: str) -> None:
    if sent < tips:
        raise AssertionError(f"{tips} tips were submitted, and {sent} were {how}: see `satark deliveries list`")


@asynccontextmanager
async def mail_and_broker(folder: Path, broker: str = "") -> AsyncIterator[MailAndBroker]:
    """Serve a mail server if gpg can make a recipient's key, and make the settings for both servers.

    Args:
        folder: an empty folder, for keys.
        broker: URL of a running RabbitMQ; empty: none.
    """
    prefix = f"canary-{secrets.token_hex(4)}."  # tests share a broker
    environment = {"SATARK_RABBITMQ__URL": broker, "SATARK_RABBITMQ__PREFIX": prefix} if broker else {}
    if not can_mail():
        yield MailAndBroker(None, broker, prefix, environment)
        return
    from satark_testing.peers.mail import MailPeer, mail_server, self_signed  # noqa: PLC0415 - a development package

    peer, certificate = MailPeer(), self_signed(folder)
    async with mail_server(peer, certificate):
        settings = await asyncio.to_thread(_mail_settings, folder, peer.port, certificate.certificate)
        yield MailAndBroker(peer, broker, prefix, environment | settings)


def can_mail() -> bool:
    """Return whether the required programs to receive encrypted mail are installed."""
    try:
        import_module("aiosmtpd")
    except ImportError:
        return False
    return shutil.which("gpg") is not None


def _mail_settings(folder: Path, port: int, certificate: Path) -> dict[str, str]:
    """Make the settings of a destination that gets every tip of the SP's desk, encrypted to a new key."""
    from satark_testing.peers.gnupg import Keyring  # noqa: PLC0415 - see above

    public = folder / "cell.asc"
    with TemporaryDirectory(prefix="satark-gpg-") as home:
        keyring = Keyring(Path(home))
        public.write_bytes(keyring.make(_RECIPIENT))
        keyring.close()
    key = folder / "cell.key"
    rule = {"to": MAILBOX, "desk": "sp", "recipient": own_key(key), "identity_file": str(key)}
    mailbox = {"recipients": _RECIPIENT, "openpgp_keys": str(public), "language": "en"}
    return {
        "SATARK_EMAIL__HOST": "localhost",
        "SATARK_EMAIL__PORT": str(port),
        "SATARK_EMAIL__SENDER": _SENDER,
        "SATARK_EMAIL__CA_FILE": str(certificate),
        "SATARK_EMAIL__TO": json.dumps({"cell": mailbox}),
        "SATARK_DESTINATION": json.dumps([rule]),
    }


_PACKS_OF: Final = DESKS[0][0]
"""The desk that makes an evidence pack. Only one does, since typesetting a pack's certificates takes a second."""
_ISSUER = Issuer(name="A. Officer", office="Office", place="Place", make="", color="", serial="", device="")


def exports(installation: Installation, folder: Path) -> dict[str, bytes]:
    """Export every desk's tips as JSON, as clean copies and as evidence packs for a court; read all of it.

    Officers may read a tip, so exports hold its words and pictures, but no identifier of its sender.

    Raises:
        AssertionError: an export failed.
    """
    found = {}
    for desk, _ in DESKS:
        passphrase = str(installation.passphrase_file(desk))
        listing = installation.service.run("desk", "tips", desk, "--json", "--passphrase-file", passphrase)
        found[f"export: tips of {desk}"] = listing.output.encode()
        runner = CliRunner(env=installation.service.environment)
        done = runner.invoke(_write_all, [desk, passphrase, str(folder / desk)])
        if done.exit_code:
            raise AssertionError(f"the exports of {desk} failed: {done.output}{done.exception!r}")
        found[f"export: output of {desk}"] = done.output.encode()
    return found | files_below(folder)


@click.command()
@click.argument("desk")
@click.argument("passphrase", type=click.Path(path_type=Path))
@click.argument("folder", type=click.Path(path_type=Path))
@click.pass_context
def _write_all(ctx: click.Context, desk: str, passphrase: Path, folder: Path) -> None:
    """Write the files of each tip of DESK into FOLDER, and an evidence pack of one tip for one of the desks."""
    # What `satark desk evidence` and `satark evidence export` do, without deriving a key for each tip.
    ctx.meta[COMMAND_HOST] = CommandHost(ctx)
    with unlocked_desk(desk, passphrase) as (services, unlocked):
        casework = unlocked.casework(services)
        tips = [casework.open(summary.header.number) for summary in casework.summaries()]
        for tip in tips:
            target = folder / tip.tip.number
            target.mkdir(parents=True)
            for file in export(casework, tip, target / "files"):
                click.echo(file)
        for tip in [one for one in tips if one.evidence and desk == _PACKS_OF][:1]:
            click.echo(export_pack(folder / tip.tip.number / "pack.zip", casework, tip, _ISSUER).items)
