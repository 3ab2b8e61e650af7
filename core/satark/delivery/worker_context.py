"""Worker context: the services that a process with the role worker offers to sinks."""

from collections.abc import Collection
from pathlib import Path

from satark.api import services
from satark.delivery.destination_reader import DestinationReader
from satark.remote.host_inbox import HostLink
from satark.services import ProcessServices


class WorkerContext(ProcessServices):
    """The services of a worker for sinks. With them a sink reads tips and exchanges messages with remote offices."""

    def reader(self, to: str) -> services.DestinationReader:
        """Return the reader that opens the tips of the destination `to` with its key on this machine.

        Raises:
            SettingsError: there is no `[[destination]]` of this name, or its key can't be used.
        """
        return DestinationReader.named(self, to)

    def office_link(self, key_file: Path, copies: Collection[str] = ()) -> HostLink:
        """Return the link that exchanges messages with remote offices.

        Args:
            key_file: the file of this machine's link key; it is created if it does not exist.
            copies: desks at this host whose tips are copied to the carrier.

        Raises:
            SettingsError: the link key can't be used.
        """
        return HostLink(self, key_file, copies)
