"""A countersignature: another desk states, in a file beside the pack, when it had the pack.

The time in a pack is only the exporting desk's word. A second desk states the time under its own key, so nobody can
make or backdate this statement without that desk. This corresponds to a time stamp of RFC 3161, with a desk of the
roster as the authority.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from typing import Final, Literal

import msgspec

from satark.api.routing import CaseworkError
from satark.custody.chain import canonical_json, format_utc
from satark.custody.manifest import PackSignature, PackSigner, is_signed_by, sign
from satark.custody.verify_pack import SIGNATURE, PackProblem, PackReport, Signer
from satark.roster.chain import chain_hash, verify
from satark.roster.entries import DeskAdded, Entry, KeyChange
from satark_files.decoding import DECODING_ERRORS

_PART: Final = "the countersignature"
_DOMAIN: Final = b"satark/1/countersignature\0"


class Statement(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A desk's statement that it had the pack with this manifest at a time."""

    manifest: str
    """SHA-256 of `manifest.json`, hex."""
    utc: str
    """Time of signing, by the signing machine's clock: `YYYY-MM-DDThh:mm:ssZ`."""
    signer: Signer
    format: Literal["satark-countersignature/1"] = "satark-countersignature/1"


class Countersignature(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The content of the file beside the pack."""

    statement: Statement
    signature: PackSignature
    """Signature of the SHA-256 of the statement, as canonical JSON."""


def countersign(report: PackReport, signer: PackSigner, now: int) -> bytes:
    """Make the countersignature of a verified pack, dated `now` (Unix seconds).

    Raises:
        CaseworkError: the pack was altered, is unsigned, is the signer's own, or was exported after `now`.
    """
    if report.problems:
        raise CaseworkError(f"the pack was altered: {report.problems[0]}")
    if report.signer is None:
        raise CaseworkError("no desk signed the pack")
    statement = Statement(manifest=report.manifest, utc=format_utc(now), signer=signer.who)
    if problem := _contradiction(report, statement):
        raise CaseworkError(problem)
    return canonical_json(Countersignature(statement=statement, signature=sign(signer, _digest(statement), _DOMAIN)))


def held_with(report: PackReport, content: bytes) -> PackReport:
    """Return a report of a pack, with its countersignature's statement or the problem with it."""
    try:
        found = msgspec.json.decode(content, type=Countersignature)
    except DECODING_ERRORS:
        return _with_problem(report, "it was altered: it can't be read")
    statement = found.statement
    signed = is_signed_by(statement.signer, found.signature, _digest(statement), _DOMAIN)
    if not signed or canonical_json(found) != content:
        return _with_problem(report, f"it is not what the desk {statement.signer.desk} signed")
    if statement.manifest != report.manifest:
        return _with_problem(report, "it is of another pack")
    if problem := _contradiction(report, statement):
        return _with_problem(report, problem)
    return replace(report, countersigner=statement.signer, countersigned=statement.utc)


def _contradiction(report: PackReport, statement: Statement) -> str:
    """Return why a statement proves nothing about a pack; empty if it is valid."""
    own = report.signer
    if own is not None and (statement.signer.desk == own.desk or statement.signer.verifier == own.verifier):
        return "the desk that signed the pack can't countersign it: it takes another one"
    if statement.utc < report.exported:
        return f"its time, {statement.utc}, is before that of the pack, {report.exported}: one of two clocks is wrong"
    return ""


def _digest(statement: Statement) -> str:
    return hashlib.sha256(canonical_json(statement)).hexdigest()


def _with_problem(report: PackReport, what: str) -> PackReport:
    return replace(report, problems=(*report.problems, PackProblem(_PART, what)))


def held_against(report: PackReport, roster: Iterable[bytes]) -> PackReport:
    """Return a report, checked against the roster: a listed desk must have signed. Former keys count too."""
    lines, head, heads = list(roster), "", set()
    for number, line in enumerate(lines, 1):
        head = chain_hash(head, line)
        heads.add(f"{number}:{head}")
    verified, signer = verify(lines), report.signer
    problems = [PackProblem("the roster", one) for one in verified.problems]
    for part, one in ((SIGNATURE, signer), (_PART, report.countersigner)):
        if one is not None and one.verifier not in _verifiers(verified.entries, one.desk):
            problems.append(PackProblem(part, "the roster never listed this key for this desk"))
    if signer is not None and signer.roster not in heads:
        problems.append(PackProblem(SIGNATURE, "the desk signed by another roster than this one, or by a later one"))
    return replace(report, problems=(*report.problems, *problems), is_known=signer is not None)


def _verifiers(entries: Iterable[Entry | None], desk: str) -> set[str]:
    """Return every signing key that a roster listed for a desk."""
    bodies = [entry.body for entry in entries if entry is not None]
    added = {body.verifier for body in bodies if isinstance(body, DeskAdded) and body.desk.name == desk}
    return added | {body.verifier for body in bodies if isinstance(body, KeyChange) and body.desk == desk}
