"""Second factors, which an officer needs besides the passphrase to sign in on the web.

A factor is an app that shows codes (RFC 6238), or a passkey. Each factor is sealed to the officer's own key, which only
the officer's passphrase opens: a stolen database gives no code. Second factors protect the pages alone. A command needs
the passphrase and the databases, and whoever has both has the desk's key already.
"""

import secrets
from typing import Final, Literal, TypeAlias

import msgspec
import pyotp
from sqlalchemy import ColumnElement, Connection, delete, select, update

from satark.api import CantOpen, CaseworkError, Redacted, open_as, recipient_of, seal
from satark.casework import Services, UnitOfWork
from satark_desk.desk_keys import UnlockedDesk
from satark_desk.tables import second_factor

FactorKind: TypeAlias = Literal["totp", "passkey"]

MOST_FACTORS: Final = 10
"""Most second factors of an officer."""
MAX_NAME: Final = 40
"""Most characters of a factor's name."""
_INTERVAL: Final = 30
"""Seconds that a code is good for, in every authenticator app."""
_STEPS_OFF: Final = (0, -1, 1)
"""Time steps by which a phone's clock may be off."""


class PasskeySite(msgspec.Struct, frozen=True):
    """The desk's site as browsers see it. A passkey is valid for one host only, so no other site can use it."""

    host: str
    origins: tuple[str, ...]


class PasskeyChallenge(msgspec.Struct, frozen=True):
    """The data that a browser must sign."""

    value: bytes
    options: str
    """JSON for `PublicKeyCredential.parse…OptionsFromJSON`."""


class Factor(Redacted, frozen=True, kw_only=True):
    """A second factor, sealed to its officer. Opening the factor checks desk, officer and id."""

    desk: str
    officer: str
    id: str
    secret: str = ""
    """The secret that the authenticator app has too, in base 32."""
    credential: bytes = b""
    """A passkey's id."""
    public_key: bytes = b""
    """A passkey's public key (COSE)."""


class ListedFactor(msgspec.Struct, frozen=True):
    """The facts about a factor that the desk knows without the officer's key."""

    id: str
    kind: FactorKind
    name: str
    added: int
    """When the factor was added, Unix seconds."""


class NewFactor(msgspec.Struct, frozen=True):
    """A factor that was checked once and can be stored."""

    kind: FactorKind
    factor: Factor
    counter: int


def factors_of(connection: Connection, desk: str, officer: str) -> list[ListedFactor]:
    """Return an officer's second factors, the oldest first."""
    table = second_factor.c
    query = select(table.id, table.kind, table.name, table.added).where(_of(desk, officer)).order_by(table.added)
    return [ListedFactor(*row) for row in connection.execute(query).all()]


def new_totp_secret() -> str:
    """Make the secret of a new authenticator app: 160 random bits in base 32, as RFC 4226 recommends."""
    return pyotp.random_base32()


def totp_address(secret: str, desk: str, officer: str) -> str:
    """Return the address (`otpauth://…`) that an authenticator app reads from a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=f"{officer} ({desk})", issuer_name="Satark")


def new_totp(by: UnlockedDesk, secret: str, code: str, *, now: int) -> NewFactor | None:
    """Return an authenticator app as a new factor of this officer; None if the code is wrong."""
    step = _step_of(secret, code, now)
    factor = Factor(desk=by.desk.name, officer=by.officer, id=secrets.token_hex(8), secret=secret)
    return None if step is None else NewFactor("totp", factor, step)


def new_passkey(by: UnlockedDesk, credential: bytes, public_key: bytes, counter: int) -> NewFactor:
    """Return a verified passkey as a new factor of this officer."""
    key = Factor(
        desk=by.desk.name, officer=by.officer, id=secrets.token_hex(8), credential=credential, public_key=public_key
    )
    return NewFactor("passkey", key, counter)


def add_factor(services: Services, by: UnlockedDesk, new: NewFactor, *, name: str, now: int) -> None:
    """Store a factor, sealed to its officer.

    Raises:
        CaseworkError: the officer has `MOST_FACTORS` factors already.
    """
    factor = new.factor
    row: dict[str, object] = {"desk": factor.desk, "officer": factor.officer, "id": factor.id}
    row |= {"kind": new.kind, "name": name[:MAX_NAME]}
    row |= {"sealed": seal(factor, recipient_of(by.own_identity)), "counter": new.counter, "added": now}

    def write(unit: UnitOfWork) -> None:
        if len(factors_of(unit.main, by.desk.name, by.officer)) >= MOST_FACTORS:
            raise CaseworkError(f"an officer has at most {MOST_FACTORS} second factors: remove one first")
        unit.insert(second_factor, [row])

    services.write_now(write)


def check_code(services: Services, by: UnlockedDesk, code: str, *, now: int) -> bool:
    """Return whether a code is right for one of the officer's apps. Each code counts once."""
    for factor in open_factors(services, by, "totp"):
        step = _step_of(factor.secret, code, now)
        if step is not None and use_counter(services, factor, step):
            return True
    return False


def open_factors(services: Services, by: UnlockedDesk, kind: FactorKind) -> list[Factor]:
    """Open the officer's factors of one kind. A factor that was altered, or is another officer's, is left out."""
    query = select(second_factor).where(_of(by.desk.name, by.officer), second_factor.c.kind == kind)
    opened = []
    for row in services.read(lambda c: c.execute(query).all()):
        try:
            factor = open_as(Factor, row.sealed, by.own_identity)
        except CantOpen:
            continue
        if (factor.desk, factor.officer, factor.id) == (row.desk, row.officer, row.id):
            opened.append(factor)
    return opened


def counter_of(connection: Connection, factor: Factor) -> int:
    """Return a factor's counter: a passkey's last signature counter, or the time step of an app's last code."""
    query = select(second_factor.c.counter).where(_row(factor))
    return int(connection.execute(query).scalar_one())


def use_counter(services: Services, factor: Factor, counter: int) -> bool:
    """Raise a factor's counter; return whether the stored one was lower. So only one of two uses of a code counts."""
    statement = update(second_factor).where(_row(factor), second_factor.c.counter < counter).values(counter=counter)
    return services.write_now(lambda unit: unit.main.execute(statement).rowcount) == 1


def remove_factor(unit: UnitOfWork, desk: str, officer: str, factor_id: str) -> str:
    """Remove a factor; return its name, or nothing if no factor has that id."""
    where = _of(desk, officer) & (second_factor.c.id == factor_id)
    name = unit.main.execute(select(second_factor.c.name).where(where)).scalar_one_or_none()
    unit.main.execute(delete(second_factor).where(where))
    return name or ""


def _step_of(secret: str, code: str, now: int) -> int | None:
    """Return the time step of a code; None if the code is wrong."""
    digits = "".join(character for character in code if character.isalnum())
    code_of = pyotp.TOTP(secret, interval=_INTERVAL)
    for off in _STEPS_OFF:
        at = now + off * _INTERVAL
        if code_of.verify(digits, for_time=at):
            return at // _INTERVAL
    return None


def _of(desk: str, officer: str) -> ColumnElement[bool]:
    return (second_factor.c.desk == desk) & (second_factor.c.officer == officer)


def _row(factor: Factor) -> ColumnElement[bool]:
    return _of(factor.desk, factor.officer) & (second_factor.c.id == factor.id)
