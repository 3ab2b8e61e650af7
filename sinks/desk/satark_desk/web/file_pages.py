"""Files: clean copies, previews, originals and voices, streamed to the officer's browser and stored nowhere.

One officer asks for originals, another officer approves in their own session, and then the first officer downloads the
originals. A tipster's own voice is played disguised to officers who may listen, and transcribed for all others.
"""

from collections.abc import Mapping

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from satark.api import CaseworkError, stream_file
from satark.casework import (
    DISGUISED_MIME,
    SYNTHETIC_MIME,
    NoSuchFile,
    NoTranscript,
    Services,
    SyntheticVoiceError,
    can_speak,
    speak,
)
from satark_desk import original_requests
from satark_desk.act_forms import MAX_TRANSCRIPT
from satark_desk.file_exports import INLINE, file_name, note_opened
from satark_desk.original_requests import originals_of
from satark_desk.web.page_requests import redirect_to
from satark_desk.web.session_store import OfficerSession
from satark_desk.web.tip_page import TipPage

_MAX_INPUT = 40


def show_file(request: Request, session: OfficerSession) -> Response:
    """Stream the clean copy of a file."""
    tip = session.casework.open(request.path_params["number"])
    record = tip.file(request.path_params["ordinal"])
    chunks = session.casework.evidence(tip, record.ordinal)
    inline = record.clean_mime in INLINE
    disposition = "inline" if inline and "download" not in request.query_params else "attachment"
    name = file_name(tip, record, original=False)
    return stream_file(
        chunks,
        media_type=record.clean_mime if inline else "application/octet-stream",
        size=record.clean_bytes,
        disposition=f'{disposition}; filename="{name}"',
        wanted=request.headers.get("range", ""),
    )


def show_preview(request: Request, session: OfficerSession) -> Response:
    """Return a file's preview: a smaller picture, a video's still frame, a page, or a waveform."""
    tip = session.casework.open(request.path_params["number"])
    ordinal = request.path_params["ordinal"]
    content = session.casework.preview(tip, ordinal)
    media_type = next(record.preview_mime for record in tip.records if record.ordinal == ordinal)
    return stream_file(iter([content]), media_type=media_type, size=len(content), disposition="inline")


class OriginalPages:
    """The pages on which officers ask for originals, approve a request, and download originals."""

    def __init__(self, tip_page: TipPage, services: Services) -> None:
        self._tip_page = tip_page
        self._services = services

    def ask(self, request: Request, session: OfficerSession, form: Mapping[str, str]) -> Response:
        """Ask for a tip's originals, or approve that another officer opens them."""
        tip = session.casework.open(request.path_params["number"])
        officer = form.get("officer", "")[:_MAX_INPUT]
        try:
            if officer:
                original_requests.approve(self._services, session.unlocked, tip, officer)
            else:
                original_requests.ask(self._services, session.unlocked, tip)
        except CaseworkError:
            shown = msgspec.structs.replace(originals_of(self._services, session.unlocked, tip), refused=True)
            return self._tip_page.show(request, session, tip, 422, originals=shown)
        return redirect_to(request, f"tips/{tip.tip.number}")

    def download(self, request: Request, session: OfficerSession) -> Response:
        """Return the original of a file, with the approval of another officer."""
        tip = session.casework.open(request.path_params["number"])
        ordinal = request.path_params["ordinal"]
        record = next((one for one in tip.records if one.ordinal == ordinal), None)
        approval = original_requests.approval_of(self._services, session.unlocked, tip)
        if record is None or approval is None:
            raise NoSuchFile
        chunks = session.casework.original_of(tip, ordinal, approval)
        if session.is_first_submission(f"originals {tip.id}"):
            note_opened(session.casework, tip, approval)
        name = file_name(tip, record, original=True)
        disposition = f'attachment; filename="{name}"'
        return stream_file(chunks, media_type="application/octet-stream", size=record.bytes, disposition=disposition)


class VoicePages:
    """Playback and transcription of a tipster's own voice."""

    def __init__(self, tip_page: TipPage) -> None:
        self._tip_page = tip_page

    def listen(self, request: Request, session: OfficerSession) -> Response:
        """Stream a recording, disguised, without a file name: it is not meant to be saved."""
        tip = session.casework.open(request.path_params["number"])
        voice = tip.voice(request.path_params["ordinal"])
        chunks = session.casework.listen(tip, voice.ordinal)
        return stream_file(
            chunks,
            media_type=DISGUISED_MIME,
            size=voice.record.disguised_bytes,
            disposition="inline",
            wanted=request.headers.get("range", ""),
        )

    def read_aloud(self, request: Request, session: OfficerSession) -> Response:
        """Have a synthetic voice read the transcript, so that the speaker's own voice is not heard."""
        tip = session.casework.open(request.path_params["number"])
        voice = tip.voice(request.path_params["ordinal"])
        if not voice.transcript or not can_speak(tip.tip.language):
            raise NoTranscript
        try:
            sound = speak(voice.transcript, tip.tip.language)
        except SyntheticVoiceError:
            raise NoTranscript from None
        return stream_file(iter([sound]), media_type=SYNTHETIC_MIME, size=len(sound), disposition="inline")

    def transcribe(self, request: Request, session: OfficerSession, form: Mapping[str, str]) -> Response:
        """Save an officer's transcript; or, on request, put a machine's draft into the form."""
        tip = session.casework.open(request.path_params["number"])
        ordinal = tip.voice(request.path_params["ordinal"]).ordinal
        text = form.get("text", "").strip()
        transcript_form = {"ordinal": ordinal, "text": text, "problem": "", "drafted": False}
        if "draft" in form:
            try:
                transcript_form.update(text=session.casework.draft_transcript(tip, ordinal), drafted=True)
            except NoTranscript as error:
                transcript_form.update(problem=f"problem.draft.{error.reason}")
            return self._tip_page.show(request, session, tip, transcript_form=transcript_form)
        if not text or len(text) > MAX_TRANSCRIPT:
            transcript_form.update(problem="problem.long" if text else "problem.transcript")
            return self._tip_page.show(request, session, tip, 422, transcript_form=transcript_form)
        if session.is_first_submission(form.get("once", "")):
            session.casework.transcribe(tip, ordinal, text)
        return redirect_to(request, f"tips/{tip.tip.number}?done=transcript#file-{ordinal}")
