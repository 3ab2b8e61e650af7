"""The gate: a proof of work (ALTCHA, version 2) that a browser does by itself, or a wait where there is no JavaScript.

Nobody is told apart by address or device: what is counted is counted for everybody together.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal, TypeAlias

import altcha
import msgspec

from satark_web_form.gate import ticket as tickets
from satark_web_form.gate.settings import GateSettings
from satark_web_form.gate.spent import Spent
from satark_web_form.gate.ticket import Ticket

FIELD: Final = "gate"
"""Name of the form's field that carries the proof; as a header it is `Satark-Gate`."""
PROOF_MOST: Final = 4_096
"""Most characters of a proof."""
SWEEP_SECONDS: Final = 60.0
"""Seconds, at least, between two looks for used proofs that have expired."""
ALGORITHM: Final = "PBKDF2/SHA-256"
"""The one of ALTCHA's algorithms that browsers have built in; the others need WebAssembly, which our policy forbids."""

Purpose: TypeAlias = Literal["tip", "mailbox"]
Result: TypeAlias = Literal["passed", "early", "busy", "expired", "wrong"]


class Offer(msgspec.Struct, frozen=True):
    """What a page behind the gate carries."""

    challenge: str
    """ALTCHA's challenge as JSON, for `gate.js`."""
    ticket: str
    """What stands in the field from the beginning; `gate.js` puts the proof in its place."""
    wait: int
    """Seconds until the ticket is good."""


class Verdict(msgspec.Struct, frozen=True):
    """What the gate says to a proof. Only `passed` opens it; nothing of what came with the proof may be lost."""

    result: Result
    wait: int = 0
    """For `early` and `busy`: seconds after which the same proof may be shown again."""

    @property
    def passed(self) -> bool:
        """Whether the gate is open."""
        return self.result == "passed"


class Gate:
    """The gate of one installation; every process that has the same key and folder is the same gate."""

    def __init__(
        self, key: bytes, folder: Path, settings: GateSettings, clock: Callable[[], float] = time.time
    ) -> None:
        self._challenge_key, self._solution_key, self._ticket_key = (
            hmac.digest(key, label, "sha256") for label in (b"challenge", b"solution", b"ticket")
        )
        self._spent = Spent(folder)
        self._settings = settings
        self._clock = clock
        self._swept = 0.0

    def offer(self, purpose: Purpose) -> Offer:
        """Make what a page needs. It costs one guess of the work, so about a millisecond."""
        now = int(self._clock())
        until = now + int(self._settings.gate_minutes * 60)
        most = self._settings.gate_guesses
        challenge = altcha.create_challenge(
            ALGORITHM,
            self._settings.gate_cost,
            counter=most // 2 + secrets.randbelow(most - most // 2),
            expires_at=until,
            data={"for": purpose},
            hmac_secret=self._challenge_key,
            hmac_key_secret=self._solution_key,
        )
        wait = self._settings.gate_wait_seconds
        ticket = tickets.issue(self._ticket_key, purpose, tickets.draw(now + wait, until))
        return Offer(msgspec.json.encode(challenge.to_dict()).decode(), ticket, wait)

    async def check(self, proof: str, purpose: Purpose) -> Verdict:
        """Look at a proof and use it up: shown again, it is `wrong`. Whatever it is, this never raises for it."""
        if not proof or len(proof) > PROOF_MOST:
            return Verdict("wrong")
        ticket = tickets.read(self._ticket_key, purpose, proof)
        if ticket is not None:
            return await asyncio.to_thread(self._check_ticket, ticket)
        return await asyncio.to_thread(self._check_work, proof, purpose)

    def _check_ticket(self, ticket: Ticket) -> Verdict:
        now = self._clock()
        if now > ticket.good_until:
            return Verdict("expired")
        if now < ticket.good_from:
            return Verdict("early", wait=int(ticket.good_from - now) + 1)
        if self._spent.was_used(ticket.number, ticket.good_until):
            return Verdict("wrong")
        if not self._spent.place(now, self._settings.gate_waits_per_minute):
            return Verdict("busy", wait=60 - int(now) % 60 + secrets.randbelow(30))
        return self._use(ticket.number, ticket.good_until)

    def _check_work(self, proof: str, purpose: Purpose) -> Verdict:
        payload = _read(proof)
        if payload is None:
            return Verdict("wrong")
        found = altcha.verify_solution(payload, self._challenge_key, hmac_key_secret=self._solution_key)
        parameters = payload.challenge.parameters
        if found.verified and parameters.data == {"for": purpose}:
            return self._use(str(payload.challenge.signature).encode(), int(parameters.expires_at or 0))
        return Verdict("expired" if found.expired else "wrong")

    def _use(self, proof: bytes, expires: int) -> Verdict:
        now = self._clock()
        if now > self._swept + SWEEP_SECONDS:
            self._swept = now
            self._spent.sweep(now)
        return Verdict("passed" if self._spent.once(proof, expires) else "wrong")


def _read(proof: str) -> altcha.Payload | None:
    try:
        return altcha.Payload.from_base64(proof)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None
