"""What tests read of the desk: rows of its pages, records of its commands, its log, and codes of an authenticator."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pyotp

from satark.audit.reading import ActFilter, ReadAct

if TYPE_CHECKING:
    from click.testing import Result
    from httpx2 import Client

    from satark.services import Services
    from satark_desk.desk_keys import UnlockedDesk


def listed(page: str) -> list[str]:
    """Return the numbers of the tips in the rows of a page."""
    return re.findall(r'data-row>.*?class="number"[^>]*>([^<]+)<', page, re.DOTALL)


def records(result: Result) -> list[dict[str, Any]]:
    """Return what a command printed as one JSON object a line."""
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def code_at(secret: str, now: float) -> str:
    """Return the code that an authenticator app shows at this time."""
    return pyotp.TOTP(secret).at(int(now))


def acts_seen(services: Services, unlocked: UnlockedDesk, **wanted: str) -> list[ReadAct]:
    """Return what an officer sees of the log, the newest first."""
    return list(unlocked.viewer(services).read(services, ActFilter(**wanted)).acts)


def confirmed(client: Client, page: str) -> str:
    """Confirm an act on several tips, as the page's button does; return the page that follows."""
    fields = dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page))
    return client.post("/desk/bulk", data={**fields, "confirmed": "yes"}).text
