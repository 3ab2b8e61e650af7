"""Contract for carriers' plugins: desks in an office of their own, at the host's end and at the office's."""

from satark.remote.host_inbox import HostInbox
from satark.remote.host_outbox import HostOutbox
from satark.remote.link_keys import (
    HostPairing,
    LinkKey,
    LinkKeyError,
    OfficePairing,
    PairingError,
    fingerprint,
    load_link_key,
    make_office_pairing,
    read_pairing,
)
from satark.remote.office_agent import OfficeAgent
from satark.remote.office_inbox import OfficeInbox
from satark.remote.office_outbox import host_of
from satark.remote.offices import desks_via, join, register, resend

__all__ = [
    "HostInbox",
    "HostOutbox",
    "HostPairing",
    "LinkKey",
    "LinkKeyError",
    "OfficeAgent",
    "OfficeInbox",
    "OfficePairing",
    "PairingError",
    "desks_via",
    "fingerprint",
    "host_of",
    "join",
    "load_link_key",
    "make_office_pairing",
    "read_pairing",
    "register",
    "resend",
]
