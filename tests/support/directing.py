"""Directs a tip of a running installation, as an officer of a desk does on its page."""

from __future__ import annotations

import os
from unittest.mock import patch

from satark.api.routing import CaseworkError
from satark.casework import Clocks, DeskAct, DeskActs
from satark.runtime import compose
from satark.settings.settings import Settings
from satark_desk.officers import unlock_any
from satark_testing.installation import Installation


def direct(installation: Installation, desk: str, number: str, to: str) -> str:
    """Direct a tip to another desk; return why that is refused, or nothing."""
    passphrase = installation.passphrase_file(desk).read_text("utf-8").strip()
    with patch.dict(os.environ, installation.service.environment):
        settings = Settings()
        services = compose.load_services(settings, compose.load_geography(settings))
    try:
        casework = unlock_any(services, desk, passphrase).casework(services)
        acts = DeskActs(services, casework, Clocks())
        acts.perform(casework.open(number), DeskAct(name="direct", to=to, text="देखें"))
    except CaseworkError as error:
        return str(error)
    finally:
        services.close()
    return ""
