"""Checks how a channel fetches and discards files (C50 to C55, C73, C76, C81, C84, C87)."""

import socket
from collections.abc import Callable, Sequence
from hashlib import sha256
from itertools import product
from typing import Any, Final
from unittest.mock import patch

import msgspec

from satark.api.channel import Channel, MediaGone
from satark.api.inbound import MediaRef
from satark_testing.contracts.calls import opened
from satark_testing.contracts.mutations import another
from satark_testing.contracts.provider_peer import Fault, Peer, PeerServer, Received, Reply, Script
from satark_testing.contracts.rules import BrokenRule, raised, require

_PIECE_BYTES: Final = 64 * 1024
_LARGE_BYTES: Final = 4 * _PIECE_BYTES
"""Size of a file that comes in several pieces."""
_STALLED_SECONDS: Final = 200
"""Seconds without a byte after which a channel must give up a download."""


async def check_files(peer: Peer, server: PeerServer) -> None:
    """Check `fetch` and `discard`.

    Raises:
        BrokenRule: the channel breaks a rule.
    """
    channel = peer.channel(server.url)
    async with opened(channel):
        if not peer.files:
            await _check_no_files(channel, server)
        for ref, content in peer.files:
            await _check_file(channel, peer, server, ref, content)
            await _check_large(channel, peer, server, ref, content)
    for ref, _ in peer.files:
        unreachable = peer.channel("http://127.0.0.1:9")
        async with opened(unreachable):
            found = await fetched(unreachable, ref)
            require(isinstance(found, OSError), "C52", "a provider that listens nowhere", _what(found))
            await _discard(unreachable, ref, "a provider that listens nowhere")
        async with opened(peer.channel(server.url)) as stalled:
            steps = await _requests(stalled, server, ref)
            for fault, at in product((Fault.STALL, Fault.STALL_LATER), range(steps)):
                subject = f"a download: {fault.value}, to request {at + 1} of {steps}"
                found = await server.stalling(fetched(stalled, ref), _STALLED_SECONDS, "C84", subject, fault, at=at)
                require(isinstance(found, OSError | MediaGone), "C84", subject, _what(found))


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
    _check_public(peer, server, content)
    steps = len(server.received)
    server.answering(peer.gone)
    found = await fetched(channel, ref)
    require(isinstance(found, MediaGone), "C51", "a file that is gone", _what(found))
    for at in range(steps):
        await _check_failures(channel, peer, server, ref, at)
    server.answering(Fault.HALF)
    found = await fetched(channel, ref)
    require(isinstance(found, OSError | MediaGone), "C53", "half a file", _what(found))
    await _check_spoiled(channel, peer, server, ref, content)
    await _check_other_addresses(channel, peer, server, ref)
    for answer in (None, Reply(404), Reply(500), Fault.HANG_UP):
        server.answering(answer)
        subject = f"while the provider answers {'as usual' if answer is None else answer}"
        await _discard(channel, ref, subject)
        _check_deleted(peer, server, ref, subject)
    server.answering(None)
    other = msgspec.structs.replace(ref, id=another(ref.id))
    await _discard(channel, other, "another file")
    _check_deleted(peer, server, other, "another file")


def _check_public(peer: Peer, server: PeerServer, content: bytes) -> None:
    """Check that the request of a public file, among those that were just made, has no credential."""
    require(peer.files_public is not None, "C54", "the case", "it has `files`, and no `Peer.files_public`")
    given = [one for one, reply in zip(server.received, server.replies, strict=True) if reply.body == content]
    secret = peer.files_public and _has_credentials(given, peer)
    require(not secret, "C54", "a file that is public", "its request has our credentials")


async def _check_failures(channel: Channel, peer: Peer, server: PeerServer, ref: MediaRef, at: int) -> None:
    """Check that a file is fetched later if a request fails. A host of public files knows no answers of the API's."""
    scripts: list[Script] = [Reply(429), Reply(500), Reply(503), Fault.HANG_UP]
    is_public = peer.files_public and at == await _requests(channel, server, ref) - 1
    for script in scripts if is_public else [*scripts, peer.unauthorized, peer.throttle("1")]:
        server.answering(script, at)
        found = await fetched(channel, ref)
        require(isinstance(found, OSError), "C52", f"while the provider answers {script}", _what(found))


def _check_deleted(peer: Peer, server: PeerServer, ref: MediaRef, subject: str) -> None:
    deleted = [peer.deletes(request) for request in server.received] if peer.deletes else [ref.id]
    found = f"{len(deleted)} requests: `Peer.deletes` reads this id in none, or another"
    require(set(filter(None, deleted)) == {ref.id}, "C55", subject, found)


async def _check_spoiled(channel: Channel, peer: Peer, server: PeerServer, ref: MediaRef, content: bytes) -> None:
    """Check that a file is compared with the size and the hash that the provider announced."""
    half, changed = content[: len(content) // 2], content[:-1] + bytes([content[-1] ^ 1])
    spoiled = [(half, "C53", "half of what was announced"), (content + b"x", "C53", "a byte more than was announced")]
    if not (peer.announces_size or ref.size or ref.sha256):
        spoiled.clear()
    if ref.sha256:
        spoiled.append((changed, "C76", "the announced size, with another byte"))
    for bad, rule, subject in spoiled:
        server.answering(None).spoiled = {content: bad}
        found = await fetched(channel, ref)
        server.spoiled = {}
        require(isinstance(found, OSError | MediaGone), rule, subject, _what(found))


async def _check_large(channel: Channel, peer: Peer, server: PeerServer, ref: MediaRef, content: bytes) -> None:
    """Check that a file of several pieces comes whole: this one lengthened, if nothing else tells its size."""
    if peer.announces_size:
        longest = max(len(one) for _, one in peer.files)
        require(longest > _PIECE_BYTES, "C50", "the case", "none of `Peer.files` is longer than 64 KiB")
    large = content if peer.announces_size else content * (_LARGE_BYTES // max(1, len(content)) + 1)
    told = {"size": len(large) if ref.size else 0, "sha256": sha256(large).hexdigest() if ref.sha256 else ""}
    large_ref = msgspec.structs.replace(ref, **told)
    server.answering(None).spoiled = {content: large}
    found = await fetched(channel, large_ref)
    require(found == large, "C50", f"a file of {len(large)} bytes", _what(found))
    server.answering(Fault.SLOW, len(server.received) - 1)
    found = await fetched(channel, large_ref)
    require(found == large, "C87", "a file of which something comes every five seconds", _what(found))
    server.spoiled = {}


_DISTANT: Final = "files.provider.example"
"""A host that is not this machine's by its name. Here it leads to this machine."""


def _resolved(host: str | None, *rest: Any, _resolve: Callable[..., Any] = socket.getaddrinfo, **more: Any) -> Any:
    return _resolve("localhost" if host == _DISTANT else host, *rest, **more)


async def _check_other_addresses(channel: Channel, peer: Peer, server: PeerServer, ref: MediaRef) -> None:
    """Say that the file is at another origin: in an answer, by a redirect of each request, and in place of our own."""
    steps = (None, *range(await _requests(channel, server, ref)))
    distant = server.elsewhere.replace("localhost", _DISTANT)
    alike = f"{server.url}@{distant.rpartition('/')[2]}"  # it begins as the provider's own address does
    for origin in (server.elsewhere, distant, alike):
        told = Reply(200, f'{{"url":"{origin}/file"}}'.encode())
        redirects = [(Reply(302, headers={"Location": f"{origin}/file"}), at) for at in steps]
        for script, at in ((told, None), *redirects, (None, None)):
            server.answering(script, at).moved = origin if script is None else ""
            with patch("socket.getaddrinfo", _resolved):
                await _check_strayed(channel, peer, server, ref, is_safe=_DISTANT not in origin)
    server.moved = ""


async def _check_strayed(channel: Channel, peer: Peer, server: PeerServer, ref: MediaRef, *, is_safe: bool) -> None:
    """Fetch a file, and check that the other address got no credential, and no request if it is not safe."""
    found, subject = await fetched(channel, ref), "a file that is said to be at another address"
    require(not _has_credentials(server.strayed, peer), "C54", subject, "it was given our credentials")
    fetched_there = "it was fetched by plain http: check each address, also of a redirect, with `provider_url`"
    require(is_safe or not server.strayed, "C81", subject, fetched_there)
    if isinstance(found, Exception):
        require(isinstance(found, OSError | MediaGone), "C52" if is_safe else "C81", subject, _what(found))


def _has_credentials(requests: Sequence[Received], peer: Peer) -> bool:
    told = "".join(f"{one.path}{one.query}{one.headers}{one.body!r}" for one in requests)
    return "authorization" in told.lower() or any(secret in told for secret in peer.secrets)


async def _requests(channel: Channel, server: PeerServer, ref: MediaRef) -> int:
    """Return how many requests it takes to fetch a file."""
    server.answering(None)
    await fetched(channel, ref)
    return len(server.received)


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
