"""Every state of a sign-in: the passphrase, the second factor, recovery of a lost one, and errors."""

from __future__ import annotations

import time
from collections.abc import Callable

import pyotp
import pytest

from satark.services import Services
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.officers import NewOfficer, add_officer, unlock
from satark_desk.second_factors import add_factor, new_passkey, new_totp, new_totp_secret
from satark_desk.web import recovery_pages
from satark_desk.web import sign_in as sign_in_module
from satark_desk.web.guess_delays import LONGEST_GAP_OF_CODES, LONGEST_HOLD, Throttle
from support.desk_gallery import DeskGallery, PageState, sign_in

pytestmark = [pytest.mark.needs("chromium"), pytest.mark.full("a gallery")]

PASSPHRASE, NEW = "another passphrase", "purana kuan neem ka ped"
LOST = {"desk": "sp", "officer": "app", "new": NEW, "again": NEW}
STATES = [
    PageState("sign in", "sign-in"),
    PageState("sign in after a sign-out", "sign-in?signed_out=1"),
    PageState("sign in that took too long", "sign-in?expired=1"),
    sign_in("sp", "sp-1", "wrong")._replace(name="sign in wrong", status=403),
    PageState("sign in help", "help"),
    PageState("recover", "recover"),
    PageState("recover refused", "recover", {**LOST, "again": "other"}, 422),
    PageState("recover weak", "recover", {**LOST, "new": "12345678", "again": "12345678"}, 422),
    PageState("recover code", "recover", LOST),
    sign_in("sp", "app", PASSPHRASE)._replace(name="second factor by an app"),
    PageState("second factor wrong", "second-factor", {"code": "1"}, 403),
    sign_in("sp", "key", PASSPHRASE)._replace(name="second factor by a passkey"),
    sign_in("sp", "naya", PASSPHRASE)._replace(name="first passphrase"),
]
THROTTLED = [
    sign_in("sp", "sp-1", "wrong")._replace(name="sign in throttled", status=429),
    PageState("recover throttled", "recover", LOST, 429),
]
THROTTLED_CODES = [
    sign_in("sp", "app", PASSPHRASE),
    PageState("second factor throttled", "second-factor", {"code": "1"}, 429),
]
ACCOUNT = [
    sign_in("sp", "app", PASSPHRASE),
    PageState("signed in by a code", "second-factor", {"code": "1"}),
    PageState("account with an app", "account"),
    PageState("account factor not removed", "account/remove", {"id": "1", "passphrase": "wrong"}, 422),
]


@pytest.fixture
def officers(services: Services, unlocked: Callable[[str], UnlockedDesk]) -> None:
    """Officers of the SP's desk: one with an app, one with a passkey, and a new one."""
    now = int(time.time())
    for name in ("app", "key", "naya"):
        add_officer(services, unlocked("sp"), NewOfficer(name=name, passphrase=PASSPHRASE, temporary=name == "naya"))
    secret, app = new_totp_secret(), unlock(services, "sp", "app", PASSPHRASE)
    by_app = new_totp(app, secret, pyotp.TOTP(secret).at(now), now=now)
    assert by_app
    add_factor(services, app, by_app, name="app", now=now)
    key = unlock(services, "sp", "key", PASSPHRASE)
    add_factor(services, key, new_passkey(key, b"credential", b"public key", 0), name="key", now=now)


@pytest.mark.usefixtures("officers")
async def test_an_officer_sees_every_step_of_signing_in(gallery: DeskGallery) -> None:
    assert await gallery.visit(STATES) == []


@pytest.mark.usefixtures("officers")
async def test_a_person_who_tries_too_often_is_told_when_to_retry(
    gallery: DeskGallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    for module in (sign_in_module, recovery_pages):
        monkeypatch.setattr(module, "LONGEST_HOLD", -1)
    assert await gallery.visit(THROTTLED) == []


@pytest.mark.usefixtures("officers")
async def test_a_person_who_tries_too_many_codes_is_told_when_to_retry(
    gallery: DeskGallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    reserve = Throttle.reserve

    def after_many_codes(throttle: Throttle, key: str) -> float:
        is_of_codes = throttle._longest_gap == LONGEST_GAP_OF_CODES
        return LONGEST_HOLD + 1 if is_of_codes else reserve(throttle, key)

    monkeypatch.setattr(Throttle, "reserve", after_many_codes)
    assert await gallery.visit(THROTTLED_CODES) == []


@pytest.mark.usefixtures("officers")
async def test_an_officer_sees_what_their_account_is_signed_in_with(
    gallery: DeskGallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sign_in_module, "check_code", lambda *_, **__: True)
    assert await gallery.visit(ACCOUNT) == []
