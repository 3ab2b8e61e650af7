"""Known browsers: browsers in which an officer has signed in.

A cookie with a random value proves a known browser; the desk stores the hash of the value. The desk stores hashes
instead of signing cookies. So it can forget a single browser, and has no signing key that could be stolen.
"""

import hashlib
from typing import Final

import msgspec
from sqlalchemy import ColumnElement, Connection, delete, select, update

from satark.casework import UnitOfWork
from satark_desk.tables import known_browser

MOST_BROWSERS: Final = 20
"""Most known browsers of an officer. A new browser replaces the one that was unused for the longest time."""
MAX_NAME: Final = 40
"""Most characters of a browser's name."""
_NAMED_OTHERWISE: Final = {"Edg": "Edge", "OPR": "Opera", "Mac OS X": "macOS"}
_BROWSERS: Final = ("Edg", "OPR", "Firefox", "Chrome", "Safari")
_SYSTEMS: Final = ("Android", "iPhone", "iPad", "Windows", "Mac OS X", "Linux")


class KnownBrowser(msgspec.Struct, frozen=True):
    """A browser in which an officer has signed in."""

    id: str
    """First 16 hexadecimal digits of the hash, for its owner's forms."""
    name: str
    used: int
    """Last sign-in, Unix seconds."""
    digest: bytes
    push: bytes
    """As in its row."""


def browser_digest(value: str) -> bytes:
    """Return the hash under which a cookie's value is stored."""
    return hashlib.sha256(value.encode()).digest()


def officers_in(connection: Connection, value: str) -> set[tuple[str, str]]:
    """Return who, as desk and officer, has signed in in the browser whose cookie has this value."""
    query = select(known_browser.c.desk, known_browser.c.officer)
    found = connection.execute(query.where(known_browser.c.browser == browser_digest(value))) if value else ()
    return {(desk, officer) for desk, officer in found}


def browsers_of(connection: Connection, desk: str, officer: str) -> list[KnownBrowser]:
    """Return an officer's known browsers, the last used first."""
    query = select(known_browser).where(_of(desk, officer)).order_by(known_browser.c.used.desc())
    rows = connection.execute(query).all()
    return [KnownBrowser(row.browser.hex()[:16], row.name, row.used, row.browser, row.push) for row in rows]


def remember(unit: UnitOfWork, desk: str, officer: str, value: str, *, name: str, now: int) -> None:
    """Remember the browser of a sign-in. A known browser keeps its name."""
    digest = browser_digest(value)
    row = {"desk": desk, "officer": officer, "browser": digest, "name": name[:MAX_NAME], "used": now}
    if not unit.insert_new(known_browser, [row], "browser"):
        same = _of(desk, officer), known_browser.c.browser == digest
        unit.main.execute(update(known_browser).where(*same).values(used=now))
    for extra in browsers_of(unit.main, desk, officer)[MOST_BROWSERS:]:
        unit.main.execute(delete(known_browser).where(_of(desk, officer), known_browser.c.browser == extra.digest))


def change(unit: UnitOfWork, desk: str, officer: str, digest: bytes, **columns: object) -> None:
    """Store an officer's choice for a known browser: its name, or its address for web push."""
    where = _of(desk, officer), known_browser.c.browser == digest
    unit.main.execute(update(known_browser).where(*where).values(columns))


def silence(unit: UnitOfWork, value: str) -> None:
    """Remove the web push of the browser whose cookie has this value, for all officers who signed in there."""
    unit.main.execute(update(known_browser).where(known_browser.c.browser == browser_digest(value)).values(push=b""))


def forget(unit: UnitOfWork, desk: str, officer: str, digest: bytes | None = None, *, keep: bytes = b"") -> None:
    """Forget one known browser, or all but one."""
    which = known_browser.c.browser == digest if digest is not None else known_browser.c.browser != keep
    unit.main.execute(delete(known_browser).where(_of(desk, officer), which))


def _of(desk: str, officer: str) -> ColumnElement[bool]:
    return (known_browser.c.desk == desk) & (known_browser.c.officer == officer)


def browser_name(user_agent: str) -> str:
    """Return the name of an officer's browser and system; "Browser" if neither is recognised."""
    known = [next((sign for sign in signs if sign in user_agent), "") for signs in (_BROWSERS, _SYSTEMS)]
    return ", ".join(_NAMED_OTHERWISE.get(sign, sign) for sign in known if sign) or "Browser"
