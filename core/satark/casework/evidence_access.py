"""Audited access to evidence: the custody log records each read before it happens; voices are heard only disguised."""

import threading
from collections.abc import Iterator, Sequence
from typing import Literal, TypeAlias

from satark.api.observability import log
from satark.api.providers import NoDraft, Transcriber
from satark.api.sealing import recipient_of
from satark.api.tip import Evidence
from satark.audit.trail import Trail
from satark.casework.errors import NoSuchFile, NoTranscript, SecondOfficerRequired, VoiceAccessDenied
from satark.casework.opened_tip import OpenTip
from satark.casework.two_officers import TwoOfficerApproval
from satark.custody import log as custody
from satark.custody.chain import Form
from satark.custody.entries import DeskOfficer, officer_entry
from satark.custody.log import LogRow
from satark.evidence.own_voice import copy_form, may_hear_voices, may_speak_in_original
from satark.services import Services
from satark.store import evidence_files
from satark.store.sealed_files import SealedForm, open_sealed, stored_form
from satark.store.unit_of_work import UnitOfWork

FileAct: TypeAlias = Literal["viewed", "heard", "drafted", "transcribed", "exported", "opened"]
"""Acts of officers on files, as both the custody log and the audit log name them."""


class EvidenceAccess:
    """Reads the files of opened tips for one officer of a desk. Every method may be called from any thread."""

    def __init__(
        self,
        services: Services,
        desk: str,
        *,
        officer: str,
        may_listen: bool,
        trail: Trail,
        transcribers: Sequence[Transcriber] = (),
    ) -> None:
        self.desk = desk
        self.trail = trail
        """The audit log's entries of this officer."""
        self._services = services
        self._transcribers = transcribers
        self._officer = DeskOfficer(desk=desk, name=officer)
        self._may_listen = may_listen
        self._log_lock = threading.Lock()
        self._logged: set[tuple[str, str, FileAct, Form]] = set()

    def evidence(self, tip: OpenTip, ordinal: str) -> Iterator[bytes]:
        """Yield a file's clean copy in chunks, the first only after the whole copy was verified.

        The custody log gets an entry, once per file during the life of this object.

        Raises:
            VoiceAccessDenied: the file is the tipster's own voice. NoSuchFile: the tip has no such file, or the file
            has no clean copy. CantOpen: (while reading) the file was altered. FileNotFoundError: (while reading) it was
            erased.
        """
        record = tip.file(ordinal)
        if not record.clean_sha256:
            raise NoSuchFile
        self._log_once(tip, ordinal, "viewed", "clean")
        return self._read(copy_form(record), tip, ordinal, record.clean_sha256)

    def preview(self, tip: OpenTip, ordinal: str) -> bytes:
        """Return a file's preview, whose type is `Evidence.preview_mime`; logged and verified as in `evidence`.

        The preview of a tipster's own voice is a drawn waveform without sound, which any officer may see.

        Raises:
            NoSuchFile: the tip has no such file, or the file has no preview. CantOpen: the file was altered.
            FileNotFoundError: it was erased.
        """
        record = next((record for record in tip.records if record.ordinal == ordinal), None)
        if record is None or not record.preview_sha256:
            raise NoSuchFile
        self._log_once(tip, ordinal, "viewed", "preview")
        return b"".join(self._read("preview", tip, ordinal, record.preview_sha256))

    def may_hear(self) -> bool:
        """Return whether this officer may hear tipsters' voices, by their own right and their desk's level."""
        return self._may_listen and self._desk_may_hear()

    def _desk_may_hear(self) -> bool:
        return may_hear_voices(self._services.desk(self.desk).level)

    def listen(self, tip: OpenTip, ordinal: str) -> Iterator[bytes]:
        """Yield the disguised copy of a tipster's own voice; logged and verified as in `evidence`.

        Raises:
            VoiceAccessDenied: this officer may not hear the voice. NoSuchFile: there is no such recording, or its voice
            could not be disguised. CantOpen, FileNotFoundError: as of `evidence`.
        """
        voice = tip.voice(ordinal)
        if not self.may_hear():
            raise VoiceAccessDenied
        if not voice.record.disguised_sha256:
            raise NoSuchFile
        self._log_once(tip, ordinal, "heard", "disguised")
        return self._read("disguised", tip, ordinal, voice.record.disguised_sha256)

    def draft_transcript(self, tip: OpenTip, ordinal: str) -> str:
        """Transcribe a tipster's own voice by machine, for this officer to correct; it may take as long.

        Raises:
            VoiceAccessDenied: this officer may not hear the voice. NoSuchFile: there is no such recording, or it has no
            clean copy.
            NoTranscript: no speech recogniser can transcribe it.
            CantOpen: it was altered.
        """
        record = tip.voice(ordinal).record
        if not self.may_hear():
            raise VoiceAccessDenied
        if not record.clean_sha256:
            raise NoSuchFile
        transcriber = next((one for one in self._transcribers if tip.tip.language in one.languages), None)
        if transcriber is None:
            raise NoTranscript
        tool = transcriber.name
        self._services.write_now(lambda unit: self.log(unit, tip, ordinal, "drafted", "clean", tool=tool))
        with self._services.temporary_folder() as folder:
            recording = folder / "recording"
            with recording.open("xb") as out:
                out.writelines(self._read("clean", tip, ordinal, record.clean_sha256))
            try:
                return transcriber.transcribe(recording, tip.tip.language).strip()
            except NoDraft as error:
                raise NoTranscript(error.reason) from None
            except Exception as error:  # noqa: BLE001 - the plugin may raise anything; the officer sees one error
                log.warning("speech recogniser failed, no draft transcript", error=type(error).__name__)
                raise NoTranscript from None

    def original_of(self, tip: OpenTip, ordinal: str, approval: TwoOfficerApproval) -> Iterator[bytes]:
        """Yield the original of any file, with the approval of two officers; logged and verified as in `evidence`.

        Raises:
            VoiceAccessDenied: the file may contain the tipster's own voice, and neither of the two may listen.
            NoSuchFile: the tip has no such file.
            CantOpen, FileNotFoundError: as of `evidence`.
        """
        record = next((record for record in tip.records if record.ordinal == ordinal), None)
        if record is None:
            raise NoSuchFile
        if not self.may_open_original(tip, record, approval):
            raise VoiceAccessDenied
        self._services.write_now(
            lambda unit: self.log(unit, tip, ordinal, "opened", "original", second=approval.second)
        )
        return self._read("original", tip, ordinal, record.sha256)

    def may_open_original(self, tip: OpenTip, record: Evidence, approval: TwoOfficerApproval) -> bool:
        """Return whether two officers may open an original: one with a voice only by right and their desk's level."""
        may_speak = record not in tip.evidence or may_speak_in_original(record)
        return not may_speak or (approval.may_listen and self._desk_may_hear())

    def export(
        self, tip: OpenTip, forms: Sequence[tuple[str, Form]], approval: TwoOfficerApproval | None = None
    ) -> tuple[list[LogRow], list[Iterator[bytes]]]:
        """Export files, each given as (ordinal, form); return the custody log with this export, and the files' content.

        Raises:
            VoiceAccessDenied: a file is the tipster's own voice, of which only the transcript may be exported.
            SecondOfficerRequired: an original is among them, and two officers have not approved. NoSuchFile: the tip
            has no such file, or not in this form.
            CantOpen: the log was altered; or (while reading) a file was.
        """
        if tip.envelope.tip_recipient:
            raise NoSuchFile
        contents = [self._content(tip, ordinal, form, approval) for ordinal, form in forms]

        def write(unit: UnitOfWork) -> None:
            for ordinal, form in forms:
                second = approval.second if approval and form == "original" else ""
                self.log(unit, tip, ordinal, "exported", form, second=second)

        self._services.write_now(write)
        return self.custody(tip), contents

    def _content(self, tip: OpenTip, ordinal: str, form: Form, approval: TwoOfficerApproval | None) -> Iterator[bytes]:
        if form == "transcript":
            transcript = tip.voice(ordinal).transcript
            if not transcript:
                raise NoSuchFile
            return iter([transcript.encode()])
        record = tip.file(ordinal)
        if form == "original":
            if approval is None:
                raise SecondOfficerRequired
            if not self.may_open_original(tip, record, approval):
                raise VoiceAccessDenied
            return self._read("original", tip, ordinal, record.sha256)
        if form != "clean" or not record.clean_sha256:
            raise NoSuchFile
        return self._read(copy_form(record), tip, ordinal, record.clean_sha256)

    def custody(self, tip: OpenTip) -> list[LogRow]:
        """Return the tip's custody log.

        Raises:
            CantOpen: the log was altered.
        """
        return self._services.read(lambda c: custody.read(c, tip.id, tip.envelope.identity))

    def _read(self, form: SealedForm, tip: OpenTip, ordinal: str, expected: str) -> Iterator[bytes]:
        sealed = stored_form(self._services.evidence, evidence_files.name(tip.id, ordinal), form)
        return open_sealed(sealed, tip.envelope.identity, self._services.workspace, expected)

    def _log_once(self, tip: OpenTip, ordinal: str, action: FileAct, form: Form) -> None:
        with self._log_lock:
            if (tip.id, ordinal, action, form) in self._logged:
                return
            self._services.write_now(lambda unit: self.log(unit, tip, ordinal, action, form))
            self._logged.add((tip.id, ordinal, action, form))

    def log(
        self,
        unit: UnitOfWork,
        tip: OpenTip,
        ordinal: str,
        action: FileAct,
        form: Form,
        *,
        second: str = "",
        sha256: str = "",
        tool: str = "",
    ) -> None:
        """Enter this officer's act on a file into the custody log and the audit log, in this transaction."""
        entry = officer_entry(action, self._officer, unit.now, form=form, second=second, sha256=sha256, tool=tool)
        custody.append_entries(unit, tip.id, recipient_of(tip.envelope.identity), ordinal, entry)
        self.trail.record(action, unit=unit, tip=tip.header.number, file=ordinal, second=second, detail=form)
