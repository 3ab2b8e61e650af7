"""Acts of officers: the content of a row of the audit log, and its signing and padding before it is sealed."""

import hashlib
from typing import Literal, TypeAlias, get_args

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from satark.api.observability import Redacted
from satark.api.sealing import new_identity, seal
from satark.custody.chain import canonical_json, format_utc, new_salt
from satark.identity.signatures import is_signed

ActKind: TypeAlias = Literal[
    "signed_in", "sign_in_failed", "signed_out",
    "listed", "searched", "read", "refused", "exported_list",
    "viewed", "heard", "drafted", "transcribed", "exported", "opened",
    "answered", "noted", "directed", "assigned", "corrected",
    "reported", "closing_asked", "closing_refused", "closed", "merged", "unmerged",
    "raw_asked", "withdrawn", "ordered", "shared", "recused", "readmitted", "unattended",
    "hold_asked", "held", "lift_asked", "lifted", "erasure_asked", "erasure_ordered",
    "roster_proposed", "roster_approved", "roster_withdrawn", "log_read", "log_missing",
    "passphrase_changed", "factor_added", "factor_removed", "session_ended", "recovery_approved",
    "page_opened", "form_sent",
]  # fmt: skip
"""The kind of an officer's act. `refused`: asked for a tip that the desk does not have; `exported_list`: every tip of
the desk, as JSON; `heard`: a disguised voice; `opened`: an original or an undisguised voice, which needs two officers;
`shared`: the desk's destinations got a tip that became more urgent; `recused`: gave up a tip because they know people
in it; `unattended`: no officer of the desk is left who has the tip;
`log_missing`: the log lacked a part that the officer's browser had seen; `page_opened`, `form_sent`: any other page or
form."""

ACT_KINDS: tuple[ActKind, ...] = get_args(ActKind)

MAX_DETAIL = 200
"""Most characters of a stored detail."""
MAX_NAME = 40
"""Most characters of a stored name."""
_PADDED = 2048
"""Size in bytes of every act before it is sealed. All rows have one size, whatever their content."""
OWN_KEY = -1
"""Stands for a key's number if the officer's own key signed, as for auditors, who have no desk's key."""
_DOMAIN = b"satark/1/act\0"


class Act(Redacted, frozen=True, kw_only=True, omit_defaults=True):
    """What one officer did once. Its time is exact: it is the officer's, not the tipster's."""

    kind: ActKind
    desk: str
    officer: str = ""
    second: str = ""
    """The second officer, if the act needed two."""
    at: str
    """UTC, to the second: `YYYY-MM-DDThh:mm:ssZ`."""
    tip: str = ""
    """The tip's number; empty: the act concerns no single tip."""
    file: str = ""
    detail: str = ""
    """A status, the desk that a tip was directed to, the officer who was added, or the search words."""
    salt: str
    """128 random bits, hex, so that nobody can guess an act by its hash."""


class SignedAct(Redacted, frozen=True, kw_only=True):
    """An act in the form in which it is sealed."""

    act: Act
    number: int
    """The number of the desk's audit key that signed the act; `OWN_KEY`; 0: unsigned, as a failed sign-in is."""
    before: bytes
    """The hash that the log ended with."""
    signature: bytes
    """Signature of `before` and the act's hash."""
    padding: str = ""


def new_act(kind: ActKind, *, desk: str, officer: str, now: int, **fields: str) -> Act:
    """Return an act, its names cut to `MAX_NAME` characters and its detail to `MAX_DETAIL`."""
    cut = {name: text[: MAX_DETAIL if name == "detail" else MAX_NAME] for name, text in fields.items()}
    return Act(kind=kind, desk=desk, officer=officer[:MAX_NAME], at=format_utc(now), salt=new_salt(), **cut)


def commitment(act: Act) -> bytes:
    """Return the SHA-256 of an act, which the chain contains."""
    return hashlib.sha256(canonical_json(act)).digest()


def sign(act: Act, before: bytes, number: int, key: Ed25519PrivateKey | None) -> SignedAct:
    """Sign an act together with the hash that the log ends with; without a key it stays unsigned."""
    signature = key.sign(_DOMAIN + before + commitment(act)) if key else b""
    return SignedAct(act=act, number=number if key else 0, before=before, signature=signature)


def is_signed_with(signed: SignedAct, verifier: str) -> bool:
    """Return whether an act's signature is from this public key (Ed25519, hex)."""
    return is_signed(verifier, signed.signature, _DOMAIN + signed.before + commitment(signed.act))


def seal_act(signed: SignedAct, audit_recipient: str, own_recipient: str = "") -> bytes:
    """Seal an act to the desk's audit key and to the officer's own key, always to two keys and in one size."""
    return seal(padded(signed), audit_recipient, own_recipient or new_identity()[0])


def padded(signed: SignedAct) -> SignedAct:
    """Return an act in the form in which it is sealed, padded to the encoded size of every other."""
    size = len(msgspec.json.encode(signed))
    return msgspec.structs.replace(signed, padding=" " * max(0, _PADDED - size))
