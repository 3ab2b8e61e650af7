"""Mutations keep the structure of inputs in which a parser looks for its fields."""

from __future__ import annotations

import json
import random

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from support.fuzz.mutation import MAX_BYTES, Mutator, bytes_of, text_of

TREE = {"a": {"b": ["x", 1, {"c": None}]}, "inner": '{"d": "e"}', "form": "From=1&Body=2"}
MUTATOR = Mutator(["Body", "From"], [json.dumps(TREE).encode()])


def variants(data: bytes, count: int = 400) -> list[bytes]:
    rng = random.Random(1)
    return [MUTATOR.mutate(data, rng) for _ in range(count)]


def test_most_mutations_of_json_are_valid_json_and_all_are_changed() -> None:
    readable = [one for one in variants(json.dumps(TREE).encode()) if _is_json(one)]
    assert len(readable) > 200
    assert len(set(readable)) > 150


def test_most_mutations_of_messagepack_are_valid_messagepack() -> None:
    assert sum(map(_is_msgpack, variants(msgspec.msgpack.encode(TREE)))) > 150


@pytest.mark.slow("a third of a second of a processor")
def test_json_and_forms_inside_a_string_are_mutated_by_field() -> None:
    found = [json.loads(one) for one in variants(json.dumps(TREE).encode(), 3000) if _is_json(one)]
    inner = {one["inner"] for one in found if isinstance(one, dict) and isinstance(one.get("inner"), str)}
    assert any(_is_json(bytes_of(text)) and text != TREE["inner"] for text in inner)
    forms = {one["form"] for one in found if isinstance(one, dict) and isinstance(one.get("form"), str)}
    assert any(text.startswith("From=1&From=1&") for text in forms)


@given(st.binary(max_size=300), st.integers())
def test_any_bytes_are_mutated_within_the_size_limit(data: bytes, seed: int) -> None:
    assert len(MUTATOR.mutate(data, random.Random(seed))) <= MAX_BYTES


@given(st.binary())
def test_any_bytes_can_be_converted_to_text_and_back(data: bytes) -> None:
    assert bytes_of(text_of(data)) == data


def _is_json(data: bytes) -> bool:
    try:
        json.loads(data)
    except (ValueError, RecursionError):
        return False
    return True


def _is_msgpack(data: bytes) -> bool:
    try:
        msgspec.msgpack.decode(data)
    except (ValueError, msgspec.DecodeError, RecursionError, TypeError):
        return False
    return True
