"""Second factors of a signed-in officer: add an authenticator app or a passkey, remove one."""

import time
from collections.abc import Callable, Mapping

import segno
from starlette.requests import Request
from starlette.responses import Response

from satark.api import CaseworkError
from satark_desk.officers import WrongPassphrase, unlock
from satark_desk.second_factors import (
    MOST_FACTORS,
    NewFactor,
    add_factor,
    new_totp,
    new_totp_secret,
    open_factors,
    remove_factor,
    totp_address,
)
from satark_desk.web.account_pages import AccountPages
from satark_desk.web.desk_web import DeskWeb, redirect_to
from satark_desk.web.session_store import OfficerSession


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
        problem, seconds = self._add(session, form, take)
        if problem:
            return self._show_app(request, session, 422, problem=problem, seconds=seconds)
        session.new_secret = ""
        return redirect_to(request, "account?done=factor")

    def passkey(
        self, request: Request, session: OfficerSession, status: int = 200, *, problem: str = "", seconds: int = 0
    ) -> Response:
        """Show the page on which a browser makes a passkey, and why the last one is refused."""
        from satark_desk.passkeys import ask_for_new  # noqa: PLC0415 - large, and only passkeys need it

        existing = open_factors(self._web.context, session.unlocked, "passkey")
        session.challenge = ask_for_new(session.unlocked, self._web.site(request), existing)
        values = {"session": session, "options": session.challenge.options, "problem": problem, "seconds": seconds}
        return self._web.show(request, "add_passkey.html", status, **values)

    def add_passkey(self, request: Request, session: OfficerSession, form: Mapping[str, str]) -> Response:
        """Add the passkey that the browser made."""
        from satark_desk.passkeys import take_new  # noqa: PLC0415 - large, and only passkeys need it

        challenge, session.challenge = session.challenge, None
        site = self._web.site(request)

        def take() -> NewFactor | None:
            return take_new(session.unlocked, site, challenge, form.get("passkey", "")) if challenge else None

        problem, seconds = self._add(session, form, take)
        if problem:
            return self.passkey(request, session, 422, problem=problem, seconds=seconds)
        return redirect_to(request, "account?done=factor")

    def remove(self, request: Request, session: OfficerSession, form: Mapping[str, str]) -> Response:
        """Remove a factor."""
        problem, seconds = self._check_passphrase(session, form)
        if problem:
            return self._account.show(request, session, 422, problem=problem, seconds=seconds)
        desk, officer, wanted = session.desk, session.officer, form.get("id", "")
        name = self._web.context.write_now(lambda unit: remove_factor(unit, desk, officer, wanted))
        session.casework.trail.record("factor_removed", detail=name)
        return redirect_to(request, "account?done=factor_removed")

    def _add(
        self, session: OfficerSession, form: Mapping[str, str], take: Callable[[], NewFactor | None]
    ) -> tuple[str, int]:
        """Add a factor. Return the key of an error message (empty if there is no error) and the number it states."""
        problem, seconds = self._check_passphrase(session, form)
        if problem:
            return problem, seconds
        new = take()
        if new is None:
            self._account.failed(session)
            return "factor.wrong", 0
        name, common = form.get("name", "").strip(), "Passkey" if new.kind == "passkey" else "Authenticator"
        text = name if name and name.isprintable() else common
        try:
            add_factor(self._web.context, session.unlocked, new, name=text, now=int(time.time()))
        except CaseworkError:
            return "factor.many", MOST_FACTORS
        session.casework.trail.record("factor_added", detail=text)
        return "", 0

    def _check_passphrase(self, session: OfficerSession, form: Mapping[str, str]) -> tuple[str, int]:
        if wait := self._account.throttled(session):
            return "sign_in.throttled", wait
        try:
            unlock(self._web.context, session.desk, session.officer, form.get("passphrase", ""))
        except WrongPassphrase:
            self._account.failed(session)
            return "passphrase.wrong", 0
        return "", 0

    def _show_app(
        self, request: Request, session: OfficerSession, status: int = 200, *, problem: str = "", seconds: int = 0
    ) -> Response:
        address = totp_address(session.new_secret, session.desk, session.officer)
        picture = segno.make(address, error="m").svg_data_uri(scale=5, border=3, light="#fff")
        secret = " ".join(session.new_secret[at : at + 4] for at in range(0, len(session.new_secret), 4))
        values = {"session": session, "picture": picture, "secret": secret, "problem": problem, "seconds": seconds}
        return self._web.show(request, "add_app.html", status, **values)
