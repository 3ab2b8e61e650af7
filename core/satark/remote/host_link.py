"""At the host: one carrier plugin's exchange with all remote offices that it reaches."""

from __future__ import annotations

from typing import TYPE_CHECKING

from satark.remote.host_inbox import HostInbox
from satark.remote.host_outbox import HostOutbox
from satark.remote.link_keys import LinkKey

if TYPE_CHECKING:
    from collections.abc import Collection
    from pathlib import Path

    from satark.services import ProcessServices


class HostLink:
    """Sends tips to offices and accepts their answers: see `satark.api.OfficeLink`."""

    def __init__(self, services: ProcessServices, key_file: Path, copies: Collection[str] = ()) -> None:
        """Read this machine's link key; create it if it does not exist.

        Args:
            services: the store.
            key_file: the link key's file.
            copies: desks at this host whose tips are copied to the carrier.

        Raises:
            SettingsError: the link key can't be used.
        """
        key = LinkKey.load(key_file)
        outbox = HostOutbox(services, key, copies)
        self.send_tip = outbox.send_tip
        self.accept = HostInbox(services, key, outbox).accept
