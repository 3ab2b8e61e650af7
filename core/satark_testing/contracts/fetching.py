"""Checks how a channel fetches and deletes files and how it listens (C50 to C56)."""

import asyncio
from typing import Final

from satark.api.channel import Channel, ListeningChannel, MediaGone, Outcome
from satark.api.inbound import Batch, MediaRef
from satark_testing.contracts.channel_case import ChannelCase
from satark_testing.contracts.peer import Fault, Peer, PeerServer, Reply
from satark_testing.contracts.rules import BrokenRule, raised, require
from satark_testing.contracts.sending import opened

_TURNS: Final = 50
"""Turns of the event loop for which `listen` runs before it is cancelled."""


async def check_files(case: ChannelCase, peer: Peer, server: PeerServer) -> None:
    """Check `fetch`, `discard` and `listen`.

    Raises:
        BrokenRule: the channel breaks a rule.
    """
    channel = peer.channel(server.url)
    async with opened(channel):
        if not peer.files:
            await _check_no_files(channel, server)
        for ref, content in peer.files:
            await _check_file(channel, peer, server, ref, content)
        server.answering(None)
        await _check_listening(channel)
    for ref, _ in peer.files:
        unreachable = peer.channel("http://127.0.0.1:9")
        async with opened(unreachable):
            found = await fetched(unreachable, ref)
            require(isinstance(found, OSError), "C52", "a provider that listens nowhere", _what(found))
            await _discard(unreachable, ref, "a provider that listens nowhere")


async def _check_no_files(channel: Channel, server: PeerServer) -> None:
    ref = MediaRef(account=channel.accounts[0], id="none")
    server.answering(None)
    found = await fetched(channel, ref)
    require(isinstance(found, MediaGone), "C51", "a file of a channel without files", _what(found))
    await _discard(channel, ref, "a channel without files")


async def _check_file(channel: Channel, peer: Peer, server: PeerServer, ref: MediaRef, content: bytes) -> None:
    server.answering(None)
    found = await fetched(channel, ref)
    require(found == content, "C50", f"a file of {len(content)} bytes", _what(found))
    server.answering(peer.gone)
    found = await fetched(channel, ref)
    require(isinstance(found, MediaGone), "C51", "a file that is gone", _what(found))
    for script in (Reply(500), Reply(503), Fault.HANG_UP):
        server.answering(script)
        found = await fetched(channel, ref)
        require(isinstance(found, OSError), "C52", f"while the provider answers {script}", _what(found))
    server.answering(Fault.HALF)
    found = await fetched(channel, ref)
    require(isinstance(found, OSError | MediaGone), "C53", "half a file", _what(found))
    if peer.announces_size:
        server.answering(None).halved = content
        found = await fetched(channel, ref)
        server.halved = b""
        require(isinstance(found, OSError | MediaGone), "C53", "half of what was announced", _what(found))
    await _check_other_addresses(channel, peer, server, ref)
    for answer in (None, Reply(404), Reply(500), Fault.HANG_UP):
        server.answering(answer)
        await _discard(channel, ref, f"while the provider answers {answer}")


async def _check_other_addresses(channel: Channel, peer: Peer, server: PeerServer, ref: MediaRef) -> None:
    location = f"{server.elsewhere}/file"
    for script in (Reply(302, headers={"Location": location}), Reply(200, f'{{"url":"{location}"}}'.encode())):
        server.answering(script)
        found = await fetched(channel, ref)
        subject = "a file that is said to be at another address"
        strayed = "".join(f"{request.query}{request.headers}{request.body!r}" for request in server.strayed)
        credentials = "authorization" in strayed.lower() or any(secret in strayed for secret in peer.secrets)
        require(not credentials, "C54", subject, "it was given our credentials")
        if isinstance(found, Exception):
            require(isinstance(found, OSError | MediaGone), "C52", subject, _what(found))


async def fetched(channel: Channel, ref: MediaRef) -> bytes | Exception:
    """Fetch a file; return its bytes, or the exception that was raised."""
    try:
        async with channel.fetch(ref) as chunks:
            return b"".join([chunk async for chunk in chunks])
    except Exception as error:  # noqa: BLE001 - the checks say which it may be
        return error


def _what(found: bytes | Exception) -> str:
    return f"{len(found)} bytes" if isinstance(found, bytes) else raised(found)


async def _discard(channel: Channel, ref: MediaRef, subject: str) -> None:
    try:
        await channel.discard(ref)
    except Exception as error:
        raise BrokenRule("C55", subject, raised(error)) from error


async def _check_listening(channel: Channel) -> None:
    if not isinstance(channel, ListeningChannel):
        return

    async def receive(batch: Batch) -> Outcome:
        del batch
        return Outcome()

    task = asyncio.ensure_future(channel.listen(receive))
    for _ in range(_TURNS):
        await asyncio.sleep(0)
    task.cancel()
    done, _ = await asyncio.wait({task}, timeout=5)
    require(bool(done), "C56", "listening that is cancelled", "it goes on")
