"""The sink `police_system`: hands each tip over as one signed event, by HTTP or in an archive, by folder or SFTP."""

from collections.abc import Mapping, Sequence

from satark.api import CantOpen, DeadLetter, Delivery, DeliveryResult, OpenedTip, run_in_thread
from satark_police_system.events import build_event, encrypt_data, full_data, thin_data
from satark_police_system.mapping import MappingError
from satark_police_system.systems import PoliceSystem
from satark_police_system.transports import MakeFolder, make_transport


class PoliceSink:
    """Hands tips over to the configured police systems."""

    name = "police_system"

    def __init__(self, systems: Mapping[str, PoliceSystem], make_folder: MakeFolder, source: str) -> None:
        self._systems = systems
        self._source = source
        self._transports = {name: make_transport(system, make_folder) for name, system in systems.items()}

    async def open(self) -> None:
        """Open the transports.

        Raises:
            OSError: a certificate can't be read.
        """
        for transport in self._transports.values():
            await transport.open()

    async def close(self) -> None:
        for transport in self._transports.values():
            await transport.close()

    async def find_faults(self) -> Sequence[str]:
        """Connect to each police system: see `satark.api.FaultFinder`."""
        found = []
        for name, transport in self._transports.items():
            try:
                await transport.open()
                failed = await transport.find_faults()
            except OSError as error:
                failed = type(error).__name__
            finally:
                await transport.close()
            if failed:
                found.append(f"the police system {name} can't be reached ({failed}): look at its settings and at it")
        return found

    def reads(self, name: str) -> bool:
        """Return whether a police system of this name is configured: each of them reads tips."""
        return name in self._systems

    async def deliver(self, delivery: Delivery) -> DeliveryResult:
        """Hand one tip over."""
        system = self._systems.get(delivery.name)
        if system is None:
            return DeadLetter("no such police system is configured")
        try:
            opened = await run_in_thread(system.reader.open, delivery)
        except CantOpen:
            return DeadLetter("the tip can't be opened with this system's key")
        try:
            document = self._document(system, delivery, opened)
            return await self._transports[delivery.name].hand_over(delivery.idempotency_key, document, opened)
        except CantOpen:
            return DeadLetter("a file of the tip was altered")
        except MappingError as error:
            return DeadLetter(f"the mapping can't write the tip: {error}")

    def _document(self, system: PoliceSystem, delivery: Delivery, opened: OpenedTip) -> bytes:
        settings, content = system.settings, opened.content
        data = thin_data(content.header) if settings.payload == "thin" else full_data(content, settings.fields)
        event = build_event(delivery.idempotency_key, self._source, delivery.revision, data)
        return system.write(encrypt_data(event, settings.recipient) if settings.recipient else event)
