"""Contract: keys and sealed values, in one format: age (age-encryption.org/v1)."""

from satark.identity.edge_key import EdgeKeyError, load_edge_key
from satark.identity.sealing import (
    CantOpen,
    check_identity,
    check_recipient,
    decrypt_stream,
    encrypt_stream,
    new_identity,
    open_as,
    recipient_of,
    seal,
)

__all__ = [
    "CantOpen",
    "EdgeKeyError",
    "check_identity",
    "check_recipient",
    "decrypt_stream",
    "encrypt_stream",
    "load_edge_key",
    "new_identity",
    "open_as",
    "recipient_of",
    "seal",
]
