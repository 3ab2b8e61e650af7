"""An officer's own account: passphrase, second factors, sessions and known browsers."""

import time
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any, Final, TypeAlias

import segno
from starlette.requests import Request
from starlette.responses import Response

from satark.api import CaseworkError
from satark.casework import NotAllowed
from satark_desk.known_browsers import MAX_NAME, browsers_of, change, forget
from satark_desk.officers import WrongPassphrase, unlock
from satark_desk.own_keys import SamePassphrase, change_passphrase
from satark_desk.passphrases import MIN_LENGTH, WeakPassphrase
from satark_desk.push import PushKeys, is_push_address
from satark_desk.second_factors import (
    MOST_FACTORS,
    NewFactor,
    add_factor,
    factors_of,
    new_totp,
    new_totp_secret,
    open_factors,
    remove_factor,
    totp_address,
)
from satark_desk.web.page_requests import DeskWeb, Pages, redirect_to
from satark_desk.web.session_store import OfficerSession

Refused: TypeAlias = Mapping[str, Any]
"""`problem`: the key of the text that says why a form was refused; `seconds`: the number that the text states."""
NOT_REFUSED: Final[Refused] = {"problem": "", "seconds": 0}
DONE = ("passphrase", "factor", "factor_removed", "session", "browser", "named", "push", "silent")
"""Acts that the account page can report as done."""


class AccountPages(Pages):
    """The pages of an officer's own account."""

    @cached_property
    def _push(self) -> PushKeys:
        return PushKeys(self._web.context.secret_key)

    def _may_be_woken(self, session: OfficerSession) -> bool:
        return session.desk in self._web.settings.push and session.unlocked.role != "auditor"

    def show(self, request: Request, session: OfficerSession, status: int = 200, **values: object) -> Response:
        """Show the account, with the outcome of a submitted form in `values`."""
        read, sessions = self._web.context.read, self._web.sessions
        own = sessions.of_officer(session.desk, session.officer)
        browsers = read(lambda c: browsers_of(c, session.desk, session.officer))
        names = {one.digest: one.name for one in browsers}
        done = request.query_params.get("done", "")
        common: dict[str, object] = {"problem": "", "seconds": 0, "done": done if done in DONE else ""}
        return self._web.show(
            request,
            "account.html",
            status,
            session=session,
            factors=read(lambda c: factors_of(c, session.desk, session.officer)),
            sessions=[(one, names.get(one.browser, ""), sessions.idle_minutes(one)) for one in own],
            browsers=browsers,
            push=self._push.public if self._may_be_woken(session) else "",
            is_woken=any(one.push for one in browsers if one.digest == session.browser),
            **{**common, **values},
        )

    def passphrase(
        self, request: Request, session: OfficerSession, status: int = 0, *, problem: str = "", seconds: int = 0
    ) -> Response:
        """Show the form that changes the passphrase, with the reason if a passphrase was refused."""
        values = {"session": session, "problem": problem, "seconds": seconds, "shortest": MIN_LENGTH}
        return self._web.show(request, "passphrase.html", status or (422 if problem else 200), **values)

    def change_passphrase(self, request: Request, session: OfficerSession, form: Mapping[str, str]) -> Response:
        """Change the passphrase, and end the officer's other sessions: somebody else may have known the old one."""
        old, new = form.get("old", ""), form.get("new", "")
        if new != form.get("again", ""):
            return self.passphrase(request, session, problem="passphrase.differs")
        if wait := self.throttled(session):
            return self.passphrase(request, session, 429, problem="sign_in.throttled", seconds=wait)
        try:
            unlocked = change_passphrase(self._web.context, session.unlocked, old, new)
        except WeakPassphrase as weak:
            return self.passphrase(request, session, problem=weak.advice)
        except SamePassphrase:
            return self.passphrase(request, session, problem="passphrase.same")
        except WrongPassphrase:
            self.failed(session)
            return self.passphrase(request, session, 403, problem="passphrase.wrong")
        except NotAllowed:
            return self.passphrase(request, session, 409, problem="passphrase.later")
        self._web.sessions.unlock_again(session, unlocked)
        session.casework.trail.record("passphrase_changed")
        self._web.context.write_now(lambda unit: forget(unit, session.desk, session.officer, keep=session.browser))
        self._web.sessions.end_where(lambda one: _is_of(one, session) and one is not session)
        return redirect_to(request, "account?done=passphrase")

    def end_session(self, request: Request, session: OfficerSession, form: Mapping[str, str]) -> Response:
        """End one of the officer's sessions, or all but this one."""
        wanted, others = form.get("id", ""), "others" in form
        self._web.sessions.end_where(
            lambda one: _is_of(one, session) and (one is not session if others else one.id == wanted)
        )
        session.casework.trail.record("session_ended")
        return redirect_to(request, "account?done=session")

    def browser(self, request: Request, session: OfficerSession, form: Mapping[str, str]) -> Response:
        """Rename a known browser, or forget it and end the sessions in it."""
        browsers = self._web.context.read(lambda c: browsers_of(c, session.desk, session.officer))
        found = next((one for one in browsers if one.id == form.get("id")), None)
        if found is None:
            return redirect_to(request, "account")
        desk, officer, name = session.desk, session.officer, form.get("name", "").strip()[:MAX_NAME]
        if "forget" not in form:
            if name.isprintable() and name:
                self._web.context.write_now(lambda unit: change(unit, desk, officer, found.digest, name=name))
            return redirect_to(request, "account?done=named")
        self._web.context.write_now(lambda unit: forget(unit, desk, officer, found.digest))
        self._web.sessions.end_where(
            lambda one: _is_of(one, session) and one.browser == found.digest and one is not session
        )
        return redirect_to(request, "account?done=browser")

    def push(self, request: Request, session: OfficerSession, form: Mapping[str, str]) -> Response:
        """Let urgent tips wake this browser at its push service; if the form has no address, stop that."""
        place, address = (session.desk, session.officer, session.browser), form.get("address", "")
        if address and not (self._may_be_woken(session) and is_push_address(address)):
            return self.show(request, session, 422, problem="push.refused")
        sealed = self._push.seal(address, place) if address else b""
        self._web.context.write_now(lambda unit: change(unit, *place, push=sealed))
        return redirect_to(request, f"account?done={'push' if address else 'silent'}")

    def throttled(self, session: OfficerSession) -> int:
        """Return the seconds after which the passphrase may be tried again; 0: now."""
        wait = self._web.throttle.wait(f"session:{session.id}")
        return int(wait) + 1 if wait else 0

    def failed(self, session: OfficerSession) -> None:
        """Count a wrong passphrase of a signed-in officer."""
        self._web.throttle.failed(f"session:{session.id}")


def _is_of(one: OfficerSession, session: OfficerSession) -> bool:
    return (one.desk, one.officer) == (session.desk, session.officer)


class FactorPages:
    """The pages that add and remove second factors.

    Each page asks for the passphrase, since an officer may leave the desk's pages open and unattended.
    """

    def __init__(self, web: DeskWeb, account: AccountPages) -> None:
        self._web = web
        self._account = account

    def app(self, request: Request, session: OfficerSession) -> Response:
        """Show the QR code of a new authenticator app."""
        session.new_secret = new_totp_secret()
        return self._show_app(request, session)

    def add_app(self, request: Request, session: OfficerSession, form: Mapping[str, str]) -> Response:
        """Add the app, if it shows the right code."""

        def take() -> NewFactor | None:
            code = form.get("code", "")[:20]
            return new_totp(session.unlocked, session.new_secret, code, now=int(time.time()))

        if not session.new_secret:
            return redirect_to(request, "account/app")
        if refused := self._add(session, form, take):
            return self._show_app(request, session, refused)
        session.new_secret = ""
        return redirect_to(request, "account?done=factor")

    def passkey(self, request: Request, session: OfficerSession, refused: Refused = NOT_REFUSED) -> Response:
        """Show the page on which a browser makes a passkey, with the reason if the last one was refused."""
        from satark_desk.passkeys import ask_for_new  # noqa: PLC0415 - large, and only passkeys need it

        existing = open_factors(self._web.context, session.unlocked, "passkey")
        session.challenge = ask_for_new(session.unlocked, self._web.site(request), existing)
        values = {"session": session, "options": session.challenge.options, **refused}
        return self._web.show(request, "add_passkey.html", 422 if refused["problem"] else 200, **values)

    def add_passkey(self, request: Request, session: OfficerSession, form: Mapping[str, str]) -> Response:
        """Add the passkey that the browser made."""
        from satark_desk.passkeys import take_new  # noqa: PLC0415 - large, and only passkeys need it

        challenge, session.challenge = session.challenge, None
        site = self._web.site(request)

        def take() -> NewFactor | None:
            return take_new(session.unlocked, site, challenge, form.get("passkey", "")) if challenge else None

        if refused := self._add(session, form, take):
            return self.passkey(request, session, refused)
        return redirect_to(request, "account?done=factor")

    def remove(self, request: Request, session: OfficerSession, form: Mapping[str, str]) -> Response:
        """Remove a factor."""
        if refused := self._check_passphrase(session, form):
            return self._account.show(request, session, 422, **refused)
        desk, officer, wanted = session.desk, session.officer, form.get("id", "")
        name = self._web.context.write_now(lambda unit: remove_factor(unit, desk, officer, wanted))
        session.casework.trail.record("factor_removed", detail=name)
        return redirect_to(request, "account?done=factor_removed")

    def _add(
        self, session: OfficerSession, form: Mapping[str, str], take: Callable[[], NewFactor | None]
    ) -> Refused | None:
        if refused := self._check_passphrase(session, form):
            return refused
        new = take()
        if new is None:
            self._account.failed(session)
            return {"problem": "factor.wrong", "seconds": 0}
        name, common = form.get("name", "").strip(), "Passkey" if new.kind == "passkey" else "Authenticator"
        text = name if name and name.isprintable() else common
        try:
            add_factor(self._web.context, session.unlocked, new, name=text, now=int(time.time()))
        except CaseworkError:
            return {"problem": "factor.many", "seconds": MOST_FACTORS}
        session.casework.trail.record("factor_added", detail=text)
        return None

    def _check_passphrase(self, session: OfficerSession, form: Mapping[str, str]) -> Refused | None:
        if wait := self._account.throttled(session):
            return {"problem": "sign_in.throttled", "seconds": wait}
        try:
            unlock(self._web.context, session.desk, session.officer, form.get("passphrase", ""))
        except WrongPassphrase:
            self._account.failed(session)
            return {"problem": "passphrase.wrong", "seconds": 0}
        return None

    def _show_app(self, request: Request, session: OfficerSession, refused: Refused = NOT_REFUSED) -> Response:
        address = totp_address(session.new_secret, session.desk, session.officer)
        picture = segno.make(address, error="m").svg_data_uri(scale=5, border=3, light="#fff")
        secret = " ".join(session.new_secret[at : at + 4] for at in range(0, len(session.new_secret), 4))
        values = {"session": session, "picture": picture, "secret": secret, **refused}
        return self._web.show(request, "add_app.html", 422 if refused["problem"] else 200, **values)
