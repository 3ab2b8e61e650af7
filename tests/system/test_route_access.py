"""A stranger requests every route of a complete host: public pages, webhook endpoints and the officers' desk.

The routes are the application's own: a new one is tried by itself. What a stranger may get is listed here, on purpose.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.testclient import TestClient

from satark.runtime.app import build_app
from satark.runtime.host import Host
from satark.settings.settings import Settings
from satark_testing.twilio.api import ACCOUNT_SID, AUTH_TOKEN, NUMBER
from support.desks import SeededDesk
from support.tips import SeededTip, seed_tip

pytestmark = pytest.mark.slow("a host")

METHODS = ("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS")
PROVIDERS: dict[str, dict[str, Any]] = {
    "whatsapp": {
        "app_secret": "app-secret", "verify_token": "verify-token", "access_token": "access-token",
        "phone_number_id": "106540352242922",
    },
    "telegram": {"token": "110201543:AAHdqTcvCH1vGWJxfSeofSAs0K5PALDsaw", "secret_token": "a-secret-of-ours_1"},
    "twilio": {"account_sid": ACCOUNT_SID, "auth_token": AUTH_TOKEN, "number": NUMBER},
    "web_form": {},
}  # fmt: skip
PARAMETERS = {"position": ("0", "1", "99"), "upload": ("x" * 43,), "id": ("x" * 43,), "ordinal": ("1",)}
OPEN_TO_ALL = frozenset(
    {"/", "/status", "/who-can-know", "/healthz", "/readyz", "/metrics", "/all", "/erase", "/leave"}
    | {"/desk/sign-in", "/desk/second-factor", "/desk/recover", "/desk/help"}
)
"""The routes that a stranger may open: forms, the privacy page, and the service's status."""
WORDS = "planted words of a tip"


@pytest.fixture
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Host]:
    """A host with every channel and the desk."""
    monkeypatch.setenv("SATARK_PUBLIC_URL", "http://satark.example")
    plugins = ("whatsapp", "telegram", "sms_ivr", "web_form", "desk")
    host = Host(Settings(data_dir=tmp_path, plugins=plugins, stand_ins=PROVIDERS))
    yield host
    host.services.close()


@pytest.fixture
def tip(host: Host) -> SeededTip:
    """A tip that a desk has."""
    desk = SeededDesk(host.services, "sp").desk
    return seed_tip(host.services, [desk], answers={"category": "ARMS", "what": WORDS})


def addresses(routes: Sequence[BaseRoute], number: str, below: str = "") -> Iterator[str]:
    """Yield the address of every route, with every value of its parameters."""
    for route in routes:
        if isinstance(route, Mount):
            if not isinstance(route.app, StaticFiles):
                yield from addresses(route.routes, number, below + route.path)
        elif isinstance(route, Route):
            names = list(route.param_convertors)
            for values in itertools.product(*(PARAMETERS.get(name, (number, "sp")) for name in names)):
                given = dict(zip(names, values, strict=True))
                yield below + re.sub(r"\{(\w+)(?::\w+)?\}", lambda found, given=given: given[found[1]], route.path)  # type: ignore[misc]


def test_a_stranger_gets_only_forms_from_any_route(host: Host, tip: SeededTip) -> None:
    app = build_app(host)
    webhooks = [endpoint.path for channel in host.ingest_runtime.channels for endpoint in channel.endpoints]  # type: ignore[union-attr]
    found = sorted({*addresses(app.routes, tip.number), *webhooks})
    assert len(webhooks) >= 4
    assert len(found) >= 40
    wrong = []
    with TestClient(app, base_url="http://satark.example") as client:
        for address, method, site in itertools.product(found, METHODS, ("same-origin", "cross-site")):
            headers = {"sec-fetch-site": site, "accept-language": "en"}
            response = client.request(method, address, content=b"{}", headers=headers, follow_redirects=False)
            client.cookies.clear()
            if response.status_code // 100 == 2 and address not in OPEN_TO_ALL and method != "OPTIONS":
                wrong.append(f"{site} {method} {address}: {response.status_code}")
            if address in webhooks and response.status_code not in {401, 403, 404, 405}:
                wrong.append(f"{site} {method} {address}: {response.status_code}")
            if WORDS in response.text or (tip.number in response.text and tip.number not in address):
                wrong.append(f"{site} {method} {address} shows a tip")
            if response.status_code >= 500:
                wrong.append(f"{site} {method} {address}: {response.status_code}")
    assert not wrong, "\n".join(sorted(wrong))
