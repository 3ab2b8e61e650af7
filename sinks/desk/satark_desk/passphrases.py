"""Passphrases, private keys encrypted with them, and the check of new passphrases by estimating the guesses needed.

Each officer has a key pair. The private key is encrypted with a key derived from the officer's passphrase (Argon2id,
RFC 9106: 64 MiB, 3 passes; then ChaCha20-Poly1305), and the desk's key is sealed to the public key. So the desk's key
can be changed, or shared with a new officer, without anybody else's passphrase. All keys are derived in one queue
(`derivation_queue`).

zxcvbn knows common passwords, English words and names, keyboard rows, repetitions, sequences and dates. Here it also
knows the words of `common_words.txt` (Indian names, gods, places, police and cricket, in Hindi and in Latin script),
the covered area, and the names of the desk and its officer.
"""

import os
import secrets
import threading
import unicodedata
from collections.abc import Iterable, Mapping
from functools import cache
from importlib.resources import files
from typing import Any, Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

from satark_desk.derivation_queue import QUEUE
from satark_words.catalogues import Catalogues
from satark_words.geography.geography import Geography

MEMORY_KIB = 64 * 1024
PASSES = 3
LANES = 1
"""Lanes of a derivation. With several, OpenSSL uses a pool of threads, in which two derivations at once deadlock."""
# Crockford's base 32 in lower case: no two characters look alike.
_ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"
_GROUPS = 6
_NONCE = b"\0" * 12  # constant: each derived key has a random salt of its own and encrypts exactly one value


class WrappedKey(msgspec.Struct, frozen=True, kw_only=True):
    """A private key encrypted with a passphrase, with the parameters of the key derivation."""

    wrapped: bytes
    salt: bytes
    memory_kib: int
    passes: int
    lanes: int


def new_passphrase() -> str:
    """Make a passphrase of 120 random bits, such as `h2kq-9zt4-…`: six groups of four characters."""
    return "-".join("".join(secrets.choice(_ALPHABET) for _ in range(4)) for _ in range(_GROUPS))


def wrap(secret: str, passphrase: str, context: str) -> WrappedKey:
    """Encrypt a private key with a passphrase. It can be decrypted only in the same context, such as one table row."""
    parameters = _new_parameters()
    cipher = ChaCha20Poly1305(_derive(passphrase, parameters))
    return msgspec.structs.replace(parameters, wrapped=cipher.encrypt(_NONCE, secret.encode(), context.encode()))


def unwrap(wrapped: WrappedKey, passphrase: str, context: str) -> str | None:
    """Decrypt a private key (some 0.1 s and 64 MiB); None if passphrase or context is wrong."""
    key = _derive(passphrase, wrapped)
    try:
        return ChaCha20Poly1305(key).decrypt(_NONCE, wrapped.wrapped, context.encode()).decode()
    except InvalidTag:
        return None


def unwrap_nothing(passphrase: str) -> None:
    """Take as long as `unwrap`. It is called for an officer who does not exist, so that the time reveals nothing."""
    _derive(passphrase, _new_parameters())


def _new_parameters() -> WrappedKey:
    return WrappedKey(wrapped=b"", salt=os.urandom(16), memory_kib=MEMORY_KIB, passes=PASSES, lanes=LANES)


def _derive(passphrase: str, parameters: WrappedKey) -> bytes:
    return QUEUE.run(lambda: _argon2id(passphrase, parameters))


def _argon2id(passphrase: str, parameters: WrappedKey) -> bytes:
    # One keyboard sends composed characters, another decomposed ones.
    normalized = unicodedata.normalize("NFC", passphrase).encode()
    derivation = Argon2id(
        salt=parameters.salt,
        length=32,
        iterations=parameters.passes,
        lanes=parameters.lanes,
        memory_cost=parameters.memory_kib,
    )
    return derivation.derive(normalized)


MIN_LENGTH: Final = 12
"""Fewest characters of a passphrase that an officer chooses."""
MIN_GUESSES: Final = 1e10
"""Guesses that a passphrase must withstand: zxcvbn's highest score. At one guess per `throttle.LONGEST_GAP` they take
1,600 years."""
MIN_GUESSES_CLOSED_UP: Final = 1e8
"""Guesses that a passphrase must withstand without its spaces and signs, which guessers leave out first. This is
zxcvbn's second highest score."""
_LONGEST: Final = 72
"""Most characters that are judged: zxcvbn's own limit. Further characters can only make a passphrase stronger."""
_ADVICE: Final[Mapping[str, str]] = {
    "spatial": "weak.keyboard",
    "repeat": "weak.repeat",
    "sequence": "weak.sequence",
    "date": "weak.date",
    "regex": "weak.date",
}
# zxcvbn keeps the words that it is given in a variable of its module.
_one_at_a_time = threading.Lock()


class WeakPassphrase(Exception):  # noqa: N818 - it reads as what it says
    """A passphrase is too easy to guess. `advice` is the key of a text of the pages; the message is that text."""

    def __init__(self, advice: str) -> None:
        super().__init__(Catalogues.of("satark_desk.web")["en"].text(advice, n=MIN_LENGTH))
        self.advice = advice


def check_passphrase(passphrase: str, names: Iterable[str] = (), geography: Geography | None = None) -> None:
    """Refuse a passphrase that is too easy to guess.

    Args:
        passphrase: what an officer chose.
        names: names that a guesser tries first: of the desk, of the officer.
        geography: the covered area, whose names a guesser tries too.

    Raises:
        WeakPassphrase: the passphrase is too short, or withstands too few guesses.
    """
    text = unicodedata.normalize("NFC", passphrase)[:_LONGEST]
    words = list(dict.fromkeys([*_words_in(names), *_common_words(), *_place_names(geography)]))
    closed_up = "".join(character for character in text if character.isalnum() or _is_mark(character))
    for form, least in ((text, MIN_GUESSES), (closed_up, MIN_GUESSES_CLOSED_UP)):
        judged = _judge(form, words) if form else None
        if judged and judged["guesses"] < least:
            raise WeakPassphrase(_advice(judged))
    if len(text) < MIN_LENGTH:
        raise WeakPassphrase("weak.short")


def _judge(text: str, words: list[str]) -> dict[str, Any]:
    # zxcvbn's lists take 13 MB; only setting a passphrase needs them.
    from zxcvbn import zxcvbn  # type: ignore[import-untyped] # noqa: PLC0415 - it ships no types

    with _one_at_a_time:
        judged: dict[str, Any] = zxcvbn(text, user_inputs=words, max_length=_LONGEST)
    return judged


def _advice(judged: Mapping[str, Any]) -> str:
    """Return the advice on the longest part of the passphrase that a guesser knows."""
    known = [part for part in judged["sequence"] if part["pattern"] != "bruteforce"]
    if not known:
        return "weak.short"
    longest = max(known, key=lambda part: len(part["token"]))
    if longest["pattern"] == "dictionary":
        return "weak.password" if longest["dictionary_name"] == "passwords" else "weak.words"
    return _ADVICE[longest["pattern"]]


def _words_in(names: Iterable[str]) -> list[str]:
    found = []
    for name in names:
        folded = unicodedata.normalize("NFC", name).casefold()
        parts = "".join(character if character.isalnum() or _is_mark(character) else " " for character in folded)
        found += [folded, parts.replace(" ", ""), *parts.split()]
    return [word for word in found if len(word) > 1]


def _is_mark(character: str) -> bool:
    return unicodedata.category(character).startswith("M")


@cache
def _common_words() -> tuple[str, ...]:
    lines = (files("satark_desk") / "common_words.txt").read_text("utf-8").splitlines()
    return tuple(word for line in lines if not line.startswith("#") for word in line.split())


@cache
def _place_names(geography: Geography | None) -> tuple[str, ...]:
    if geography is None:
        return ()
    units = [unit for district in geography.districts for unit in (district, *district.stations)]
    return tuple(_words_in(name for unit in units for name in (*unit.names.values(), *unit.aliases)))
