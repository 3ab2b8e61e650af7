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
        return DestinationReader.named(self, to)

    def office_link(self, key_file: Path, copies: Collection[str] = ()) -> HostLink:
        return HostLink(self, key_file, copies)
