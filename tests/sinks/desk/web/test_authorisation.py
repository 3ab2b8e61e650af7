"""Permissions on the web: every route of the desk, by every method, for every role and every tip.

The cases come from the application's own table of routes. So this file tries a new route without any change. A route
with a new parameter fails here until `PARAMETERS` has a value for the parameter.
"""

from __future__ import annotations

import itertools
import re
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NamedTuple

import pytest
from httpx2 import Client, Response
from sqlalchemy import event
from starlette.applications import Starlette
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from satark.api.routing import Desk
from satark.api.tip import Accused
from satark.identity.receipt_codes import new_number
from satark.services import Services
from satark_desk.officers import NewOfficer, add_officer
from support.tips import seed_file, seed_tip

pytestmark = pytest.mark.slow("every role at every page")

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE")
AUDITOR = "sp's auditor"
"""The role of an auditor, who sees the audit log of a desk and no content of a tip."""
PASSPHRASE = "quiet mango tractor 7 violin ledger"
FORGED = "sp by another site's form"
WITHOUT_SESSION = frozenset(
    {"/desk/sign-in", "/desk/second-factor", "/desk/recover", "/desk/sign-out", "/desk/language", "/desk/help"}
)
"""Routes that answer those who are not signed in. A developer adds such a route here on purpose; the route shows
nothing of a tip.
"""
ENDING = frozenset({"/desk/sign-out"})
"""Routes whose form ends the session that the next cases need."""
PARAMETERS: Mapping[str, Sequence[str]] = {
    "ordinal": ("1", "2", "3", "../1"),
    "action": ("status", "ask", "direct", "report", "close", "approve", "correct", "merge", "note", "nonsense"),
    "to": ("lanka", "dig"),
    "draft": ("0" * 16,),
    "step": ("ask_hold", "agree", "nonsense"),
    "name": ("sp-2",),
    "officer": ("sp-2",),
    "id": ("0" * 16, "1"),
}
"""Parameter of a path → the values to try. For `number` the tests try the number of every tip."""
FORM = {"text": "case-words", "status": "VERIFYING", "to": "lanka", "once": "case"}
MADE_UP = "case-words"


class Case(NamedTuple):
    """A tip, the desks that may read it, and the desks that must never read it."""

    number: str
    readers: frozenset[str] = frozenset()
    excluded: frozenset[str] = frozenset()

    def relation(self, desk: str) -> str:
        """Return the relation of the tip to a desk: own, excluded, other or unknown."""
        if desk in self.readers:
            return "own"
        if not self.readers:
            return "unknown"
        return "excluded" if desk in self.excluded else "other"


class Address(NamedTuple):
    """An address of a route, and the methods to try at this address."""

    pattern: str
    number: str
    path: str
    methods: Sequence[str]

    def requests(self) -> Iterator[tuple[str, str, str, str]]:
        """Yield pattern, number, path and method of each request."""
        return ((self.pattern, self.number, self.path, method) for method in self.methods)


class Answer(NamedTuple):
    """The observable parts of a response besides its words, and the amount of work."""

    status: int
    length: int
    headers: tuple[tuple[str, str], ...]
    statements: int


@pytest.fixture
def cases(services: Services, desk: Callable[[str], Desk]) -> Sequence[Case]:
    """Tips with every relation to every desk, each with a picture and a voice, and a number that no tip has."""

    def seed(readers: str, excluded: str = "", accused: Accused | None = None) -> Case:
        names, out = frozenset(readers.split()), frozenset(excluded.split())
        desks = [desk(name) for name in sorted(names)]
        seeded = seed_tip(services, desks, accused=accused, excluded=tuple(sorted(out)), evidence=("1", "2"))
        seed_file(services, seeded, "1", b"one", b"clean one")
        seed_file(services, seeded, "2", b"two", b"clean two", mime="audio/ogg", kind="voice", role="what")
        return Case(seeded.number, names, out)

    return [
        seed("sp dig lanka"),
        seed("sp dig"),
        seed("sp dig", "lanka", Accused(level="station", unit="lanka")),
        seed("dig", "sp lanka", Accused(level="district", unit="varanasi")),
        Case(new_number()),
    ]


@pytest.fixture
def clients(browser: Callable[..., Client], services: Services, unlocked: Callable[[str], Any]) -> Mapping[str, Client]:
    """A browser for each role."""
    clients = {role: browser(role) for role in ("sp", "dig", "lanka")}
    clients[AUDITOR] = auditor(browser(), services, unlocked)
    clients["nobody"] = browser()
    clients["removed"] = browser("sp")
    clients["removed"].cookies.set("satark-desk", "x" * 43, domain="desk.example", path="/desk")
    clients[FORGED] = browser("sp")
    clients[FORGED].headers["sec-fetch-site"] = "cross-site"
    return clients


def auditor(client: Client, services: Services, unlocked: Callable[[str], Any]) -> Client:
    """Add an auditor to the desk `sp`, and sign them in."""
    new = NewOfficer(name="sp-audit", passphrase=PASSPHRASE, role="auditor")
    add_officer(services, unlocked("sp"), new)
    form = {"desk": "sp", "officer": "sp-audit", "passphrase": PASSPHRASE}
    assert client.post("/desk/sign-in", data=form, follow_redirects=False).status_code == 303
    return client


def addresses(routes: Sequence[BaseRoute], numbers: Sequence[str], below: str = "") -> Iterator[Address]:
    """Yield the addresses of every route, with every value of its parameters.

    If a route does not take a method, the application refuses the request before it reads a value. So such a method is
    tried with one value for each tip.
    """
    for route in routes:
        if isinstance(route, Mount):
            if not isinstance(route.app, StaticFiles):
                yield from addresses(route.routes, numbers, below + route.path)
            continue
        assert isinstance(route, Route), f"{route}: say here how it is tried"
        names = list(route.param_convertors)
        for name in names:
            assert name == "number" or name in PARAMETERS, f"{route.path}: say in PARAMETERS what {name} can be"
        tried = set[str]()
        for values in itertools.product(*(numbers if n == "number" else PARAMETERS[n] for n in names)):
            given = dict(zip(names, values, strict=True))
            pattern = route.path.format(**{**given, **({"number": "{number}"} if "number" in given else {})})
            number = given.get("number", "")
            methods = [one for one in METHODS if one in (route.methods or METHODS) or number not in tried]
            tried.add(number)
            yield Address(below + pattern, number, below + route.path.format(**given), methods)


@contextmanager
def statements(services: Services) -> Iterator[list[int]]:
    """Count the statements that the databases execute. A busy machine does not change this measure of time."""
    count = [0]

    def add(*_: object) -> None:
        count[0] += 1

    for engine in (services.main, services.keys):
        event.listen(engine, "before_cursor_execute", add)
    yield count
    for engine in (services.main, services.keys):
        event.remove(engine, "before_cursor_execute", add)


def send(client: Client, method: str, address: str) -> Response:
    """Send a request, with a form if the method carries one."""
    data = FORM if method in {"POST", "PUT", "PATCH"} else None
    return client.request(method, address, data=data, follow_redirects=False)


def answer_of(response: Response, count: int) -> Answer:
    """Reduce a response to its observable parts besides its words."""
    told = {name: value for name, value in response.headers.items() if name != "set-cookie"}
    return Answer(response.status_code, len(response.content), tuple(sorted(told.items())), count)


def is_authorised(role: str, pattern: str, relation: str, method: str) -> bool:
    """Return whether a role may get anything from an address, for a tip of this relation to its desk."""
    if role == FORGED:
        return method in {"GET", "HEAD"} and relation in {"own", "none"}
    if role in {"nobody", "removed"}:
        return pattern in WITHOUT_SESSION
    if role == AUDITOR:
        return relation == "none"
    return relation in {"own", "none"}


@pytest.mark.full("every page and role")
def test_no_role_exceeds_its_permissions_and_an_excluded_tip_gets_the_answer_of_an_unknown_tip(
    services: Services, site: Starlette, clients: Mapping[str, Client], cases: Sequence[Case]
) -> None:
    by_number = {case.number: case for case in cases}
    wanted = [one for address in addresses(site.routes, list(by_number)) for one in address.requests()]
    tried, wrong = 0, []
    same: dict[tuple[str, str, str], dict[Answer, set[str]]] = defaultdict(lambda: defaultdict(set))
    requests = itertools.product(clients.items(), dict.fromkeys(wanted))
    for (role, client), (pattern, number, address, method) in requests:
        if pattern in ENDING and method == "POST" and role != "nobody":
            continue
        relation = by_number[number].relation("sp" if role in {FORGED, AUDITOR} else role) if number else "none"
        with statements(services) as count:
            response = send(client, method, address)
        tried += 1
        is_success = response.status_code // 100 == 2
        if is_success and not is_authorised(role, pattern, relation, method):
            wrong.append(f"{role} {method} {pattern} ({relation}): {response.status_code}")
        if relation in {"excluded", "other", "unknown"} or (role == AUDITOR and relation == "own"):
            same[role, method, pattern][answer_of(response, count[0])].add(relation)
            shown = re.sub(r"<textarea readonly.*?</textarea>", "", response.text)  # what this officer wrote now
            if MADE_UP in shown or "clean" in shown:
                wrong.append(f"{role} {method} {pattern} ({relation}) shows content")
    assert sorted(wrong) == []
    for role in ("sp", "dig", "lanka"):
        assert send(clients[role], "GET", f"/desk/tips/{cases[0].number}").status_code == 200, "its session has ended"
    differing = {f"{key}: {answers}" for key, answers in same.items() if len(answers) > 1}
    assert differing == set()
    assert tried >= 2000


def test_the_matrix_finds_a_tip_that_a_role_sees_without_permission(cases: Sequence[Case]) -> None:
    about_sp = next(case for case in cases if case.readers == {"dig"})
    assert about_sp.relation("sp") == "excluded"
    assert not is_authorised("sp", "/desk/tips/{number}", "excluded", "GET")
    assert not is_authorised("nobody", "/desk/tips/{number}", "own", "GET")
    assert is_authorised("sp", "/desk/tips/{number}", "own", "GET")
