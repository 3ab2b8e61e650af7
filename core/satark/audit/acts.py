"""Acts of officers: what a row of the audit log says, and how it is signed and padded before it is sealed."""

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
    "raw_asked", "withdrawn", "ordered", "recused", "readmitted", "unattended",
    "hold_asked", "held", "lift_asked", "lifted", "erasure_asked", "erasure_ordered",
    "roster_proposed", "roster_approved", "roster_withdrawn", "log_read", "log_missing",
    "passphrase_changed", "factor_added", "factor_removed", "session_ended", "recovery_approved",
    "page_opened", "form_sent",
]  # fmt: skip
"""What an officer did. `refused`: asked for a tip that the desk does not have; `exported_list`: every tip of the desk,
as JSON; `heard`: a disguised voice; `opened`: an original or an undisguised voice, which takes two officers;
`recused`: gave up a tip because they have to do with its people; `unattended`: no officer of the desk is left who has
the tip; `log_missing`: the log lacked a part that the officer's browser had seen; `page_opened`, `form_sent`: any other
page or form."""

ACT_KINDS: tuple[ActKind, ...] = get_args(ActKind)

MAX_DETAIL = 200
"""Characters of a detail that are stored."""
MAX_NAME = 40
"""Characters of a name that are stored."""
_PADDED = 2048
"""Bytes of every act before it is sealed: all rows are of one size, whatever they say."""
OWN_KEY = -1
"""Stands for the number of a key if the officer's own key signed, as an auditor's does: auditors have no desk's key."""
_DOMAIN = b"satark/1/act\0"


class Act(Redacted, frozen=True, kw_only=True, omit_defaults=True):
    """What one officer did once. Its time is exact: it is the officer's, not the tipster's."""

    kind: ActKind
    desk: str
    officer: str = ""
    second: str = ""
    """The second officer, if it took two."""
    at: str
    """UTC, to the second: `YYYY-MM-DDThh:mm:ssZ`."""
    tip: str = ""
    """The tip's number; empty: no tip in particular."""
    file: str = ""
    """The file's ordinal."""
    detail: str = ""
    """A status, the desk that a tip was directed to, the officer who was added, the words that were searched for."""
    salt: str
    """128 random bits, hex, so that nobody can guess an act by its hash."""


class SignedAct(Redacted, frozen=True, kw_only=True):
    """An act as it is sealed."""

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
    """Return an act as it is sealed, padded so that it encodes to as many bytes as any other."""
    size = len(msgspec.json.encode(signed))
    return msgspec.structs.replace(signed, padding=" " * max(0, _PADDED - size))
