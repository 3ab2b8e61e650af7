"""Ed25519 signatures, and AEADs, under keys that are derived from age identities. Each use has a key of its own."""

from hashlib import sha256

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from nacl.bindings import crypto_sign_open, crypto_sign_seed_keypair
from nacl.exceptions import CryptoError

_SEED, _SIGNATURE, _SHA256 = 32, 64, SHA256()


def signing_key(identity: str, use: str) -> Ed25519PrivateKey:
    """Derive the signing key of an age identity for one use, such as `satark/1/answers`. Each use has another key."""
    return Ed25519PrivateKey.from_private_bytes(_seed(identity, use))


def box_for(identity: str, use: str) -> ChaCha20Poly1305:
    """Derive the AEAD of an age identity for one use. Nobody opens its values without that identity."""
    return ChaCha20Poly1305(_seed(identity, use))


def verifier_for(identity: str, use: str) -> str:
    """Return the public half of the signing key of an age identity for one use, hex."""
    # libsodium's takes half the time of OpenSSL's, and so does its check of a signature.
    return crypto_sign_seed_keypair(_seed(identity, use))[0].hex()


def verifier_of(key: Ed25519PrivateKey) -> str:
    """Return the public half of a signing key, hex."""
    return key.public_key().public_bytes_raw().hex()


def name_of(verifier: str) -> str:
    """Return an id of 32 hex digits for a public key (hex). Nobody can make another key with the same id."""
    return sha256(b"satark/1/named\0" + verifier.encode()).hexdigest()[:32]


def is_signed(verifier: str, signature: bytes, message: bytes) -> bool:
    """Return whether a message's signature (64 bytes) was made with this public key (hex)."""
    if len(signature) != _SIGNATURE:  # what follows would count as the message
        return False
    try:
        crypto_sign_open(signature + message, bytes.fromhex(verifier))
    except (CryptoError, ValueError):
        return False
    return True


def _seed(identity: str, use: str) -> bytes:
    return HKDF(algorithm=_SHA256, length=_SEED, salt=None, info=use.encode()).derive(identity.encode())
