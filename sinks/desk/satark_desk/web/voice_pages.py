"""Recordings of tipsters' own voices: played disguised to officers who may listen, transcribed for all others."""

from __future__ import annotations

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from satark.api import stream_file
from satark.casework import DISGUISED_MIME, SYNTHETIC_MIME, NoTranscript, SyntheticVoiceError, can_speak, speak
from satark_desk.act_forms import MAX_TRANSCRIPT
from satark_desk.web.desk_web import redirect_to
from satark_desk.web.queue_pages import DeskPages
from satark_desk.web.session_store import OfficerSession


class VoicePages:
    """Playback and transcription of a tipster's own voice."""

    def __init__(self, pages: DeskPages) -> None:
        self._pages = pages

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
        """Have a synthetic voice read the transcript: the words, and nothing of who spoke them."""
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
            return self._pages.show(request, session, tip, transcript_form=transcript_form)
        if not text or len(text) > MAX_TRANSCRIPT:
            transcript_form.update(problem="problem.long" if text else "problem.transcript")
            return self._pages.show(request, session, tip, 422, transcript_form=transcript_form)
        if session.is_first_submission(form.get("once", "")):
            session.casework.transcribe(tip, ordinal, text)
        return redirect_to(request, f"tips/{tip.tip.number}?done=transcript#file-{ordinal}")
