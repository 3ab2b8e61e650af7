"""Tipsters' own voices: played disguised to officers who may listen, and written out for everyone else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from satark.officer import DISGUISED_MIME, NoDraft
from satark.web import stream_file
from satark_desk.web.actions import LONGEST_TRANSCRIPT
from satark_desk.web.site import go

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

    from satark_desk.web.pages import Pages
    from satark_desk.web.sessions import Session


class Voices:
    """The pages about recordings of a tipster's own voice."""

    def __init__(self, pages: Pages) -> None:
        self._pages = pages

    def listen(self, request: Request, session: Session) -> Response:
        """Play a recording, disguised. It can't be saved under a name: there is no such link, and no such header.

        Raises:
            NotHeard: this officer may not hear it.
            CaseworkError: there is no such tip or recording.
            CantOpen: it was altered.
        """
        tip = session.casework.open(request.path_params["number"])
        voice = tip.voice(request.path_params["ordinal"])
        pieces = session.casework.listen(tip, voice.ordinal)
        return stream_file(pieces, media_type=DISGUISED_MIME, size=voice.record.disguised_bytes, disposition="inline")

    def write(self, request: Request, session: Session, form: Mapping[str, str]) -> Response:
        """Keep what an officer wrote out; or, if that was asked for, put a machine's draft into the form.

        Raises:
            NotHeard, CaseworkError: as of `listen`.
        """
        tip = session.casework.open(request.path_params["number"])
        ordinal = tip.voice(request.path_params["ordinal"]).ordinal
        text = form.get("text", "").strip()
        said = {"ordinal": ordinal, "text": text, "problem": "", "drafted": False}
        if "draft" in form:
            try:
                said.update(text=session.casework.draft(tip, ordinal), drafted=True)
            except NoDraft:
                said.update(problem="problem.draft")
            return self._pages.show(request, session, tip, said=said)
        if not text or len(text) > LONGEST_TRANSCRIPT:
            said.update(problem="problem.long" if text else "problem.transcript")
            return self._pages.show(request, session, tip, 422, said=said)
        if session.first_time(form.get("once", "")):
            session.casework.transcribe(tip, ordinal, text)
        return go(request, f"tips/{tip.tip.number}?done=transcript#file-{ordinal}")
