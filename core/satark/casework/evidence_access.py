"""How a desk comes at a tip's files: nothing is read without a row in the custody log, and a voice in one way only."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, TypeAlias

from satark.casework.errors import Agreement, NoDraft, NoSuchFile, NotHeard, OneOfficer
from satark.casework.opened import OpenTip
from satark.custody import log as custody
from satark.custody.entries import Officer, by_officer
from satark.evidence.own_voice import may_hear_voices
from satark.identity.sealing import recipient_of
from satark.observability import log
from satark.routing.desks import find_desk
from satark.store import evidence_files
from satark.store.sealed_files import clean_path, disguised_path, open_sealed, original_path, preview_path
from satark.store.workspace import temporary_folder, workspace_dir

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from satark.custody.chain import Act, Form
    from satark.custody.log import Logged
    from satark.services import Services
    from satark.store.unit_of_work import UnitOfWork
    from satark.transcriber import Transcriber

    _PathOf: TypeAlias = Callable[[Path, str], Path]


class EvidenceAccess:
    """Reads the files of opened tips for one officer of a desk. Every method may be called from any thread."""

    def __init__(
        self,
        services: Services,
        desk: str,
        *,
        officer: str,
        may_listen: bool,
        transcribers: Sequence[Transcriber] = (),
    ) -> None:
        self.desk = desk
        self._services = services
        self._transcribers = transcribers
        self._officer = Officer(desk=desk, name=officer)
        self._may_listen = may_listen
        self._once = threading.Lock()
        self._logged: set[tuple[str, str, Act, Form]] = set()

    def evidence(self, tip: OpenTip, ordinal: str) -> Iterator[bytes]:
        """Give a file's clean copy in pieces; none before all of it proved to be what was recorded.

        The custody log gets a row for it, once in the time that this casework lives.

        Raises:
            NotHeard: it is the tipster's own voice.
            NoSuchFile: the tip has no such file, or the file no clean copy.
            CantOpen: (while reading) it was altered.
            FileNotFoundError: (while reading) it was erased.
        """
        record = tip.file(ordinal)
        if not record.clean_sha256:
            raise NoSuchFile
        self._log_once(tip, ordinal, "viewed", "clean")
        return self._read(clean_path, tip, ordinal, record.clean_sha256)

    def preview(self, tip: OpenTip, ordinal: str) -> bytes:
        """Give a file's preview, whose type is `Evidence.preview_mime`, as `evidence` gives its clean copy.

        Of a tipster's own voice it is a wave that nobody can hear, and any officer may see it.

        Raises:
            NoSuchFile: the tip has no such file, or the file no preview.
            CantOpen: it was altered.
            FileNotFoundError: it was erased.
        """
        record = next((record for record in tip.records if record.ordinal == ordinal), None)
        if record is None or not record.preview_sha256:
            raise NoSuchFile
        self._log_once(tip, ordinal, "viewed", "preview")
        return b"".join(self._read(preview_path, tip, ordinal, record.preview_sha256))

    def may_hear(self) -> bool:
        """Whether this officer may hear tipsters' voices: they may listen, and the desk is high enough."""
        return self._may_listen and may_hear_voices(self._services.read(lambda c: find_desk(c, self.desk)).level)

    def listen(self, tip: OpenTip, ordinal: str) -> Iterator[bytes]:
        """Give a tipster's own voice, disguised, as `evidence` gives other files.

        Raises:
            NotHeard: this officer may not hear it.
            NoSuchFile: there is no such recording, or it could not be disguised.
            CantOpen, FileNotFoundError: as of `evidence`.
        """
        voice = tip.voice(ordinal)
        if not self.may_hear():
            raise NotHeard
        if not voice.record.disguised_sha256:
            raise NoSuchFile
        self._log_once(tip, ordinal, "heard", "disguised")
        return self._read(disguised_path, tip, ordinal, voice.record.disguised_sha256)

    def draft(self, tip: OpenTip, ordinal: str) -> str:
        """Have a machine write out a tipster's own voice, for this officer to correct. May take as long as it plays.

        Raises:
            NotHeard: this officer may not hear it.
            NoSuchFile: there is no such recording, or it has no clean copy.
            NoDraft: no machine can.
            CantOpen: it was altered.
        """
        record = tip.voice(ordinal).record
        if not self.may_hear():
            raise NotHeard
        if not record.clean_sha256:
            raise NoSuchFile
        machine = next((one for one in self._transcribers if tip.tip.language in one.languages), None)
        if machine is None:
            raise NoDraft
        tool = machine.name
        self._services.write_now(lambda unit: self.log(unit, tip, ordinal, "drafted", "clean", tool=tool))
        with temporary_folder(workspace_dir(self._services.evidence_dir.parent)) as folder:
            recording = folder / "recording"
            with recording.open("xb") as out:
                out.writelines(self._read(clean_path, tip, ordinal, record.clean_sha256))
            try:
                return machine.transcribe(recording, tip.tip.language).strip()
            except Exception as error:  # noqa: BLE001 - whatever a plugin raises, the officer is told one thing
                log.warning("speech recogniser failed", error=type(error).__name__)
                raise NoDraft from None

    def untouched(self, tip: OpenTip, ordinal: str, agreed: Agreement) -> Iterator[bytes]:
        """Give the original of any file, as `evidence` gives clean copies: what two officers agreed to open.

        Raises:
            NoSuchFile: the tip has no such file.
            CantOpen, FileNotFoundError: as of `evidence`.
        """
        return self._opened(tip, ordinal, agreed, "original")

    def undisguised(self, tip: OpenTip, ordinal: str, agreed: Agreement) -> Iterator[bytes]:
        """Give the clean copy of a tipster's own voice, as it sounds: what two officers agreed to open.

        Raises:
            NoSuchFile: there is no such recording, or it has no clean copy.
            CantOpen, FileNotFoundError: as of `evidence`.
        """
        if not tip.voice(ordinal).record.clean_sha256:
            raise NoSuchFile
        return self._opened(tip, ordinal, agreed, "clean")

    def export(
        self, tip: OpenTip, forms: Sequence[tuple[str, Form]], agreed: Agreement | None = None
    ) -> tuple[list[Logged], list[Iterator[bytes]]]:
        """Let files leave the desk, each as (ordinal, form). Give the custody log with that in it, and their content.

        Raises:
            NotHeard: the tipster's own voice is among it. Of that only the transcript may leave.
            OneOfficer: an original is among it, and no two officers agreed.
            NoSuchFile: the tip has no such file, or not in this form.
            CantOpen: the log was altered; or (while reading) a file.
        """
        contents = [self._content(tip, ordinal, form, agreed) for ordinal, form in forms]

        def write(unit: UnitOfWork) -> None:
            for ordinal, form in forms:
                second = agreed.second if agreed and form == "original" else ""
                self.log(unit, tip, ordinal, "exported", form, second=second)

        self._services.write_now(write)
        return self.custody(tip), contents

    def _content(self, tip: OpenTip, ordinal: str, form: Form, agreed: Agreement | None) -> Iterator[bytes]:
        if form == "transcript":
            transcript = tip.voice(ordinal).transcript
            if not transcript:
                raise NoSuchFile
            return iter([transcript.encode()])
        record = tip.file(ordinal)
        if form == "original":
            if agreed is None:
                raise OneOfficer
            return self._read(original_path, tip, ordinal, record.sha256)
        if form != "clean" or not record.clean_sha256:
            raise NoSuchFile
        return self._read(clean_path, tip, ordinal, record.clean_sha256)

    def custody(self, tip: OpenTip) -> list[Logged]:
        """Give the tip's custody log.

        Raises:
            CantOpen: it was altered.
        """
        return self._services.read(lambda c: custody.read(c, tip.id, tip.envelope.identity))

    def _opened(self, tip: OpenTip, ordinal: str, agreed: Agreement, form: Form) -> Iterator[bytes]:
        record = next((record for record in tip.records if record.ordinal == ordinal), None)
        if record is None:
            raise NoSuchFile
        self._services.write_now(lambda unit: self.log(unit, tip, ordinal, "opened", form, second=agreed.second))
        original = form == "original"
        path_of = original_path if original else clean_path
        return self._read(path_of, tip, ordinal, record.sha256 if original else record.clean_sha256)

    def _read(self, path_of: _PathOf, tip: OpenTip, ordinal: str, expected: str) -> Iterator[bytes]:
        folder = self._services.evidence_dir
        path = path_of(folder, evidence_files.name(tip.id, ordinal))
        return open_sealed(path, tip.envelope.identity, workspace_dir(folder.parent), expected)

    def _log_once(self, tip: OpenTip, ordinal: str, act: Act, form: Form) -> None:
        with self._once:
            if (tip.id, ordinal, act, form) in self._logged:
                return
            self._services.write_now(lambda unit: self.log(unit, tip, ordinal, act, form))
            self._logged.add((tip.id, ordinal, act, form))

    def log(
        self,
        unit: UnitOfWork,
        tip: OpenTip,
        ordinal: str,
        act: Act,
        form: Form,
        *,
        second: str = "",
        sha256: str = "",
        tool: str = "",
    ) -> None:
        """Write into the custody log, in this transaction, what this officer does with a file."""
        entry = by_officer(act, self._officer, unit.now, form=form, second=second, sha256=sha256, tool=tool)
        custody.record(unit, tip.id, recipient_of(tip.envelope.identity), ordinal, entry)
