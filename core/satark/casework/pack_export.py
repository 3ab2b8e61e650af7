"""Pack export: gathers a tip's files for a court and writes them as a pack."""

from collections.abc import Iterator
from pathlib import Path

from satark.api.routing import CaseworkError
from satark.api.tip import Evidence
from satark.casework.casework import Casework
from satark.casework.opened_tip import OpenTip
from satark.casework.two_officers import TwoOfficerApproval
from satark.custody.chain import Form
from satark.custody.manifest import Issuer
from satark.custody.pack import PackContents, WrittenPack, write_pack


def export_pack(
    path: Path, casework: Casework, tip: OpenTip, issuer: Issuer, approval: TwoOfficerApproval | None = None
) -> WrittenPack:
    """Write a pack: clean copies, transcripts, and originals if two officers approved.

    Even with approval, a pack has nothing that identifies the tipster: their voice only as a transcript, and no
    original of a film with sound, unless one of the two officers may listen.

    Raises:
        CaseworkError: the desk holds a release of the tip, without its files.
        CantOpen: a file or the custody log was altered; no pack is written.
        FileNotFoundError: a file was erased; no pack is written.
        OSError: the pack can't be written.
    """
    if not tip.tip.channel:
        raise CaseworkError("this desk was given no files of the tip: the desk that directed it writes the pack")
    parts = tuple(_parts(casework, tip, approval))
    log, content = casework.export(tip, [(record.ordinal, form) for record, form in parts], approval)
    contents = PackContents(
        tip_id=tip.id,
        tip=tip.tip,
        desk=casework.desk,
        parts=parts,
        content=tuple(content),
        withheld=tuple(voice.record for voice in tip.voices),
        received=tuple(record for record in tip.records if record in tip.evidence),
        signer=casework.trail.pack_signer(),
        log=tuple(log),
    )
    return write_pack(path, contents, issuer)


def _parts(casework: Casework, tip: OpenTip, approval: TwoOfficerApproval | None) -> Iterator[tuple[Evidence, Form]]:
    for record in tip.records:
        if record not in tip.evidence:
            if tip.transcript(record.ordinal):
                yield record, "transcript"
            continue
        if approval and casework.may_open_original(tip, record, approval):
            yield record, "original"
        if record.clean_sha256:
            yield record, "clean"
