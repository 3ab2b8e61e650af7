"""The page of a desk's wordings: sentences that its officers often write to tipsters."""

from collections.abc import Mapping

from starlette.requests import Request
from starlette.responses import Response

from satark.casework import SenderHints
from satark_desk.web.page_requests import Pages, redirect_to
from satark_desk.web.session_store import OfficerSession
from satark_desk.wordings import LONGEST_NAME, Wording, WordingRefused, remove, save, wordings_of

_FIELDS = ("language", "name", "text")


class WordingPages(Pages):
    """Lists, saves and removes wordings."""

    def save(self, request: Request, session: OfficerSession, form: Mapping[str, str]) -> Response:
        """Save a wording; if it is refused, show it again with the reason."""
        value = {name: form.get(name, "").strip() for name in _FIELDS}
        if session.is_first_submission(form.get("once", "")):
            try:
                save(self._web.context, session.unlocked, Wording(**value))
            except WordingRefused as refused:
                return self.show(request, session, 422, problem=refused.problem, value=value)
        return redirect_to(request, "wordings?done=saved")

    def remove(self, request: Request, session: OfficerSession, form: Mapping[str, str]) -> Response:
        """Remove a wording."""
        remove(self._web.context, session.unlocked, form.get("id", ""))
        return redirect_to(request, "wordings?done=removed")

    def show(self, request: Request, session: OfficerSession, status: int = 200, **values: object) -> Response:
        """Show the wordings, each with its words that may point to a tipster."""
        geography = self._web.context.geography
        found = wordings_of(self._web.context, session.unlocked)
        common: dict[str, object] = {"problem": "", "value": {}, "done": request.query_params.get("done", "")}
        return self._web.show(
            request,
            "wordings.html",
            status,
            session=session,
            wordings=[(one, SenderHints.of_texts([one.name, one.text], geography).phrases) for one in found],
            longest_name=LONGEST_NAME,
            **{**common, **values},
        )
