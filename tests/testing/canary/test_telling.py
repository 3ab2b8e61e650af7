"""Values that depend on a secret are distinguished from chance, in any encoding."""

from __future__ import annotations

import hashlib
import random
import zlib
from collections.abc import Callable
from typing import Final

import pytest

from satark_testing.canary.telling import WORLDS, Value, World, telling

PHONES: Final = ("919878987789", "919789879888")
WORDS: Final = ("guns are sold at night", "liquor is made behind the kiln")


def revealed(values: Callable[[World, random.Random], list[Value]]) -> set[tuple[str, str]]:
    """Return the findings about a secret if each world lists these values in one place."""
    chance = random.Random(1)
    return telling([{"place": values(world, chance)} for world in WORLDS])


def test_each_secret_divides_the_worlds_in_the_middle_and_any_two_worlds_differ_in_two() -> None:
    assert all(sum(bits) == len(WORLDS) / 2 for bits in zip(*WORLDS, strict=True))
    for one in WORLDS:
        assert {sum(a != b for a, b in zip(one, other, strict=True)) for other in WORLDS} == {0, 2, 4}


def time_id(world: World, chance: random.Random) -> str:
    """Make an id that begins with a time."""
    return f"018f{0x29F0 + 200 * world.minute + chance.randrange(9):04x}{chance.getrandbits(64):016x}"


def hex_seconds(world: World, chance: random.Random) -> str:
    """Make an id that is a time; those of late worlds come a little later."""
    return f"{10**18 + 10**10 * (2 * world.minute + chance.random()):032.0f}"


def hex_time(world: World, chance: random.Random) -> str:
    """Make an id that is a time; those of late worlds come a little later."""
    return f"{10**18 + int(10**10 * (2 * world.minute + chance.random())):032x}"


LEAKS: Final[dict[str, tuple[str, Callable[[World, random.Random], list[Value]]]]] = {
    "last four digits": ("sender", lambda world, _: [int(PHONES[world.sender][-4:])]),
    "a peppered hash": (
        "sender",
        lambda world, _: [hashlib.sha256(b"pepper" + PHONES[world.sender].encode()).digest()],
    ),
    "a hash between random bytes": (
        "sender",
        lambda world, chance: [
            chance.randbytes(40) + hashlib.md5(PHONES[world.sender].encode()).digest() + chance.randbytes(300)  # noqa: S324
        ],
    ),
    "a checksum among others": (
        "words",
        lambda world, chance: [*(chance.getrandbits(32) for _ in range(30)), zlib.crc32(WORDS[world.words].encode())],
    ),
    "shifted letters": ("words", lambda world, _: ["".join(chr(ord(one) + 3) for one in WORDS[world.words])]),
    "one row more": ("desk", lambda world, chance: [chance.randbytes(16) for _ in range(2 + world.desk)]),
    "larger sizes": ("words", lambda world, chance: [chance.randrange(200) + 150 * world.words for _ in range(12)]),
    "seconds": (
        "minute",
        lambda world, chance: [1_790_000_000 + 90 * world.minute + chance.random() * 60 for _ in range(5)],
    ),
    "the time in an id": ("minute", lambda world, chance: [time_id(world, chance), time_id(world, chance)]),
    "the time as an id": ("minute", lambda world, chance: [hex_time(world, chance) for _ in range(6)]),
    "the time at an id's end": (
        "minute",
        lambda world, chance: [chance.randbytes(12) + bytes([7 + 99 * world.minute])],
    ),
}


@pytest.mark.parametrize("name", LEAKS)
def test_a_value_that_depends_on_one_secret_reveals_only_that_secret(name: str) -> None:
    secret, values = LEAKS[name]
    assert revealed(values) == {("place", secret)}


def test_a_value_that_depends_on_two_secrets_reveals_both() -> None:
    both = revealed(lambda world, _: [hashlib.sha256(f"{world.sender}{world.words}".encode()).digest()])
    assert {("place", "sender"), ("place", "words")} <= both


def test_chance_and_values_that_all_worlds_share_reveal_nothing() -> None:
    def values(_world: World, chance: random.Random) -> list[Value]:
        sealed = (b"age-encryption.org/v1\n-> X25519 " + chance.randbytes(300) for _ in range(20))
        return [*sealed, *(f"{chance.getrandbits(128):032x}" for _ in range(20)), "of all", 7, chance.random()]

    assert revealed(values) == set()
    assert revealed(lambda _world, _chance: []) == set()


def test_a_place_that_only_some_worlds_have_reveals_their_secret() -> None:
    listings = [{f"a metric of {world.desk}": [1.0]} for world in WORLDS]
    assert telling(listings) == {("a metric of 0", "desk"), ("a metric of 1", "desk")}


def test_no_place_in_the_order_of_the_worlds_passes_for_a_secret() -> None:
    places: dict[int, list[World]] = {0: [], 1: []}
    for world in WORLDS:  # those with one minute send their tips together, in this order
        places[world.minute].append(world)
    for one, other in zip(*places.values(), strict=True):
        assert all(a != b for a, b in zip(one, other, strict=True))


@pytest.mark.slow("whole databases")
def test_ids_that_are_in_many_rows_reveal_nothing() -> None:
    chance = random.Random(1)
    for _ in range(50):
        worlds = [[f"{chance.getrandbits(128):032x}" for _ in range(5)] * 6 for _ in WORLDS]
        assert telling([{"place": ids} for ids in worlds]) == set()
