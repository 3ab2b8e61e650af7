"""Proof of work (ALTCHA version 2): the page's script solves it. Without JavaScript, a browser waits instead.

No address or device is identified: each purpose has a rate limit that counts everybody together.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import errno
import hmac
import os
import secrets
import shutil
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from typing import Final, Literal, TypeAlias

import altcha
import msgspec

from satark.api import keep_running
from satark_web_form.settings import ProofOfWorkSettings

PROOF_FIELD: Final = "proof"
"""Name of the form's field with the proof."""
MAX_PROOF_CHARACTERS: Final = 4_096
"""Length of the longest proof, in characters."""
_VALID_SECONDS: Final = 3_600
"""Seconds until the challenge and the delay ticket of a page expire."""
QUEUE_MINUTES: Final = 15
"""Minutes of the longest queue of browsers without JavaScript."""
_KEPT_MINUTES: Final = 10
"""Minutes for which a place in that queue is kept for a late browser."""
_MINUTE: Final = 60
_BAND: Final = 6 * 3600
"""Length of a band in seconds. Proofs that expire in one band share a folder, which is deleted as a whole."""
CLEANUP_SECONDS: Final = 60.0
"""Time between two cleanups of expired proofs and places, in seconds."""
_ONE: Final = "one"
"""Name of the empty file of which every proof and place is a hard link: a link has no times of its own."""
ALGORITHM: Final = "PBKDF2/SHA-256"
"""The algorithm of ALTCHA that browsers support natively. The others need WebAssembly, which the pages' CSP forbids."""

Purpose: TypeAlias = Literal["tip", "mailbox", "draft", "upload"]
Status: TypeAlias = Literal["valid", "early", "queued", "busy", "expired", "invalid"]


class ProofChallenge(msgspec.Struct, frozen=True):
    work: str
    """ALTCHA's challenge as JSON, for `proof_of_work.js`."""
    ticket: str
    """The initial value of the field: a delay ticket. `proof_of_work.js` replaces it with the proof."""
    wait: int
    """Seconds until the ticket becomes valid."""


class Verification(msgspec.Struct, frozen=True):
    """The result of checking a proof or a delay ticket."""

    status: Status
    wait: int = 0
    """For `early`, `queued` and `busy`: seconds after which the same ticket can be checked again."""

    @property
    def valid(self) -> bool:
        """Whether the proof or ticket is valid."""
        return self.status == "valid"


class ProofOfWork:
    """The proof of work of one installation. Processes with the same key and folder share their used proofs."""

    def __init__(
        self, key: bytes, folder: Path, settings: ProofOfWorkSettings, clock: Callable[[], float] = time.time
    ) -> None:
        self._challenge_key, self._solution_key, self._ticket_key = (
            hmac.digest(key, label, "sha256") for label in (b"challenge", b"solution", b"ticket")
        )
        self.folder = folder
        self._used_proofs = UsedProofs(folder)
        self._places = WaitingPlaces(folder, QUEUE_MINUTES, _KEPT_MINUTES)
        self._settings = settings
        self._clock = clock

    def challenge(self, purpose: Purpose, kept: str = "", wait: int = 0) -> ProofChallenge:
        """Create the challenge of a form. This costs the server one guess of the work, about a millisecond.

        `kept`: the ticket that the browser has already and keeps, valid in `wait` seconds; empty: it gets a new one.
        """
        now = int(self._clock())
        expires = now + _VALID_SECONDS
        guesses = self._settings.proof_guesses
        work = altcha.create_challenge(
            ALGORITHM,
            self._settings.proof_cost,
            counter=guesses // 2 + secrets.randbelow(guesses - guesses // 2),
            expires_at=expires,
            data={"for": purpose},
            hmac_secret=self._challenge_key,
            hmac_key_secret=self._solution_key,
        )
        if kept:
            return ProofChallenge(msgspec.json.encode(work.to_dict()).decode(), kept, wait)
        wait = self._settings.proof_wait_seconds
        ticket = write_ticket(self._ticket_key, purpose, new_ticket(now + wait, expires))
        return ProofChallenge(msgspec.json.encode(work.to_dict()).decode(), ticket, wait)

    async def check(self, proof: str, purpose: Purpose, owner: str = "") -> Verification:
        """Check a proof or ticket and mark it as used: a second check gives `invalid`. Never raises for its content.

        `owner`: the secret of a draft. A draft has one place in the queue. Empty: each ticket has a place of its own.
        """
        if not proof or len(proof) > MAX_PROOF_CHARACTERS:
            return Verification("invalid")
        ticket = read_ticket(self._ticket_key, purpose, proof)
        if ticket is not None:
            return await asyncio.to_thread(self._check_ticket, ticket, purpose, owner.encode() or ticket.nonce)
        return await asyncio.to_thread(self._check_work, proof, purpose)

    def _check_ticket(self, ticket: DelayTicket, purpose: Purpose, owner: bytes) -> Verification:
        now = self._clock()
        if now > ticket.valid_until:
            return Verification("expired")
        if now < ticket.valid_from:
            return Verification("early", wait=int(ticket.valid_from - now) + 1)
        if self._used_proofs.was_used(ticket.nonce, ticket.valid_until):
            return Verification("invalid")
        wait = self._places.take(now, purpose, owner, self._settings.proof_waits_per_minute)
        if wait is None:
            return Verification("busy", wait=60 - int(now) % 60 + secrets.randbelow(30))
        if wait:
            return Verification("queued", wait=wait)
        self._places.leave(now, purpose, owner)
        return self._use(ticket.nonce, ticket.valid_until)

    def _check_work(self, proof: str, purpose: Purpose) -> Verification:
        payload = _decode(proof)
        if payload is None:
            return Verification("invalid")
        found = altcha.verify_solution(payload, self._challenge_key, hmac_key_secret=self._solution_key)
        parameters = payload.challenge.parameters
        if found.verified and parameters.data == {"for": purpose}:
            return self._use(str(payload.challenge.signature).encode(), int(parameters.expires_at or 0))
        return Verification("expired" if found.expired else "invalid")

    def _use(self, proof: bytes, expires: int) -> Verification:
        return Verification("valid" if self._used_proofs.use(proof, expires) else "invalid")


async def run_cleanup(folder: Path) -> None:
    """Delete what is over below the folder of `ProofOfWork`, until cancelled. Several processes may run this at once.

    No use of a proof needs to follow: on the disk of a quiet site no place stays.
    """

    async def clean() -> None:
        while True:
            await asyncio.to_thread(delete_expired, folder, time.time())
            await asyncio.sleep(CLEANUP_SECONDS)

    await keep_running("proofs", clean)


def delete_expired(folder: Path, now: float) -> None:
    """Delete expired proofs and places of past minutes, and give the rest the time of this moment. Blocks."""
    UsedProofs(folder).delete_expired(now)
    WaitingPlaces(folder, QUEUE_MINUTES, _KEPT_MINUTES).delete_expired(now)
    _forget_times(folder, folder / _ONE, *folder.glob("*/"), *folder.glob("*/*/"))


def _decode(proof: str) -> altcha.Payload | None:
    try:
        return altcha.Payload.from_base64(proof)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


_LAYOUT: Final = struct.Struct(">QQ16s")
_MAC_BYTES: Final = 16


class DelayTicket(msgspec.Struct, frozen=True):
    """A ticket: when it is valid, in Unix seconds, and a random nonce that shows whether the ticket was used."""

    valid_from: int
    valid_until: int
    nonce: bytes


def new_ticket(valid_from: int, valid_until: int) -> DelayTicket:
    return DelayTicket(valid_from, valid_until, secrets.token_bytes(16))


def write_ticket(key: bytes, purpose: str, ticket: DelayTicket) -> str:
    """Encode and sign a ticket for a form's field."""
    parts = _LAYOUT.pack(ticket.valid_from, ticket.valid_until, ticket.nonce)
    return base64.urlsafe_b64encode(parts + _mac(key, purpose, parts)).decode()


def read_ticket(key: bytes, purpose: str, text: str) -> DelayTicket | None:
    """Decode a ticket that `write_ticket` signed for this purpose. None: the value is anything else."""
    try:
        raw = base64.b64decode(text.encode("ascii"), altchars=b"-_", validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return None
    parts, mac = raw[: _LAYOUT.size], raw[_LAYOUT.size :]
    if len(raw) != _LAYOUT.size + _MAC_BYTES or not hmac.compare_digest(mac, _mac(key, purpose, parts)):
        return None
    return DelayTicket(*_LAYOUT.unpack(parts))


def _mac(key: bytes, purpose: str, parts: bytes) -> bytes:
    return hmac.digest(key, purpose.encode() + b"\0" + parts, "sha256")[:_MAC_BYTES]


class UsedProofs:
    """The used proofs below a folder: empty files, which all processes see, also while the database is down.

    A file's name identifies nobody: it is the hash of a proof. No time of its use is stored, only the six-hour band
    in which the proof expires. Every method blocks briefly.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._used = folder / "used"

    def use(self, proof: bytes, expires: int) -> bool:
        """Mark a proof as used. Return False if it was used before. `expires`: the proof's expiry, in Unix seconds."""
        path = self._path(proof, expires)
        return claim(self._folder, path.relative_to(self._folder))

    def was_used(self, proof: bytes, expires: int) -> bool:
        return self._path(proof, expires).exists()

    def delete_expired(self, now: float) -> None:
        this = int(now) // _BAND
        delete_buckets(self._used, range(this, this + 2))

    def _path(self, proof: bytes, expires: int) -> Path:
        return self._used / str(expires // _BAND) / sha256(proof).hexdigest()


class WaitingPlaces:
    """The places below a folder, also empty files: some a minute for each purpose. Every method blocks briefly.

    A minute's places go to those who come first. An owner who finds no place in this minute gets one of a later minute,
    and keeps it.
    """

    def __init__(self, folder: Path, queue_minutes: int, kept_minutes: int) -> None:
        """`queue_minutes`: the longest queue; `kept_minutes`: how long a place is kept for a late visitor."""
        self._folder = folder
        self._places = folder / "places"
        self._kept = folder / "kept"
        self._queue = queue_minutes
        self._late = kept_minutes

    def take(self, now: float, purpose: str, owner: bytes, per_minute: int) -> int | None:
        """Take a place. Return the seconds until the place's turn, 0 for now. None: the queue is full.

        An owner who already has a place in the queue keeps that place and gets no other.
        """
        this = int(now) // _MINUTE
        name = sha256(purpose.encode() + b"\0" + owner).hexdigest()
        for minute in range(this - self._late, this + self._queue + 1):
            if (self._kept / str(minute) / name).exists():
                return max(0, minute * _MINUTE - int(now))
        for minute in range(this, this + self._queue + 1):
            if self._has_room(minute, purpose, per_minute):
                if minute > this:
                    claim(self._folder, Path("kept", str(minute), name))
                return max(0, minute * _MINUTE - int(now))
        return None

    def leave(self, now: float, purpose: str, owner: bytes) -> None:
        """Give up a place after its owner has used it. For another use the owner must take a new place."""
        this = int(now) // _MINUTE
        name = sha256(purpose.encode() + b"\0" + owner).hexdigest()
        for minute in range(this - self._late, this + 1):
            (self._kept / str(minute) / name).unlink(missing_ok=True)

    def delete_expired(self, now: float) -> None:
        """Delete the places of past minutes."""
        this = int(now) // _MINUTE
        delete_buckets(self._places, range(this, this + self._queue + 1))
        delete_buckets(self._kept, range(this - self._late, this + self._queue + 1))

    def _has_room(self, minute: int, purpose: str, per_minute: int) -> bool:
        places = Path("places", str(minute))
        return any(claim(self._folder, places / f"{purpose}-{number}") for number in range(per_minute))


def claim(folder: Path, name: Path) -> bool:
    """Create an empty file below a folder, with no time of its own. If several processes try, exactly one succeeds."""
    path, one = folder / name, folder / _ONE
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        if not one.exists():
            one.touch(0o600)
        path.hardlink_to(one)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in {errno.EMLINK, errno.ENOENT}:
            raise
        one.unlink(missing_ok=True)  # a file system allows a file a limited number of names
        return claim(folder, name)
    _forget_times(one, path.parent, path.parent.parent)
    return True


def _forget_times(*paths: Path) -> None:
    """Set the times of files and folders to the beginning of today (UTC)."""
    day = int(time.time()) // 86_400 * 86_400
    for path in paths:
        with suppress(FileNotFoundError):  # another process deleted it
            os.utime(path, (day, day))


def delete_buckets(folder: Path, kept: range) -> None:
    """Delete the folders whose name is a number that is not kept."""
    for bucket in folder.iterdir() if folder.is_dir() else ():
        if int(bucket.name) not in kept:
            shutil.rmtree(bucket, ignore_errors=True)


class FreeBudget:
    """A token bucket. It does not count by sender or address, since neither is known here."""

    def __init__(self, per_minute: int, clock: Callable[[], float] = time.monotonic) -> None:
        """`per_minute`: number of free requests in a minute, which may all come at once."""
        self._per_second = per_minute / 60
        self._most = float(per_minute)
        self._left = self._most
        self._clock = clock
        self._at = clock()

    def take(self) -> bool:
        """Take one request from the budget. Return False if none is left."""
        if self.is_empty:
            return False
        self._left -= 1
        return True

    @property
    def is_empty(self) -> bool:
        """Whether nothing is left."""
        now = self._clock()
        self._left = min(self._most, self._left + (now - self._at) * self._per_second)
        self._at = now
        return self._left < 1
