"""Contract for carriers' plugins: desks in an office of their own, at the host's end and at the office's."""

from satark.remote.host_inbox import HostInbox
from satark.remote.host_outbox import HostOutbox
from satark.remote.link_keys import (
    PairingError,
    HostPairing,
    LinkKey,
    LinkKeyError,
    OfficePairing,
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
    "CardError",
    "HostCard",
    "HostInbox",
    "HostOutbox",
    "LinkKey",
    "LinkKeyError",
    "OfficeAgent",
    "OfficeCard",
    "OfficeInbox",
    "desks_via",
    "fingerprint",
    "host_of",
    "join",
    "load_link_key",
    "office_card",
    "read_card",
    "register",
    "resend",
]
