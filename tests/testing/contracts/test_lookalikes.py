"""The kit notices a channel that fetches a file from another host than its provider's."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, nullcontext
from urllib.parse import urlencode, urlsplit

import msgspec
import pytest
from yarl import URL

from satark.api import ProviderClient, file_chunks
from satark.api.channel import RawRequest
from satark.api.inbound import Batch, Media, MediaRef, Text
from satark_testing.contracts.channel import BrokenRule
from satark_testing.contracts.lookalikes import check_addresses
from support.postcards import Postcards, case

HOST = "files.provider.example"
ADDRESS = f"https://{HOST}/photo-1?sig=a"


class Pictures(Postcards):
    """Postcards that name their picture by its address. Each test breaks one part of it."""

    def __init__(self) -> None:
        self._client = ProviderClient(5)

    async def open(self) -> None:
        await self._client.open()

    async def close(self) -> None:
        await self._client.close()

    def parse(self, raw: RawRequest) -> Batch:
        try:
            address = msgspec.json.decode(raw.body)["picture"]
        except msgspec.DecodeError:
            address = URL(f"?{raw.body.decode()}").query["picture"]
        ref = MediaRef(account=self.accounts[0], id=address)
        return Batch(inbound=[self.inbound(Media(ref, "image") if self.is_ours(address) else Text(""))])

    def is_ours(self, address: str) -> bool:
        parts = urlsplit(address)
        return (parts.scheme, parts.netloc) == ("https", HOST)

    @asynccontextmanager
    async def fetch(self, ref: MediaRef) -> AsyncIterator[AsyncIterator[bytes]]:
        async with await self._client.get_file(URL(ref.id), 5) as answer:
            yield file_chunks(answer, 1000)


class Begins(Pictures):
    def is_ours(self, address: str) -> bool:
        return address.startswith(f"https://{HOST}")


class Named(Pictures):
    def is_ours(self, address: str) -> bool:
        return urlsplit(address).netloc.startswith(f"{HOST}@") or super().is_ours(address)


class Plain(Pictures):
    def is_ours(self, address: str) -> bool:
        return urlsplit(address).netloc == HOST


class Private(Pictures):
    def is_ours(self, address: str) -> bool:
        return ".example" not in address or super().is_ours(address)


class Anywhere(Pictures):
    def is_ours(self, address: str) -> bool:
        return address.startswith("https://evil") or super().is_ours(address)


@pytest.mark.parametrize("body", [msgspec.json.encode({"picture": ADDRESS}), urlencode({"picture": ADDRESS}).encode()])
@pytest.mark.parametrize(
    ("made", "is_safe"),
    [(Pictures, True), (Begins, False), (Named, False), (Plain, False), (Private, False), (Anywhere, False)],
)
async def test_a_file_at_another_host_is_not_fetched(
    made: type[Pictures],
    is_safe: bool,  # noqa: FBT001 - a row of the table
    body: bytes,
) -> None:
    described = case(made(), means=[(RawRequest(method="POST", path="/", body=body), [])], genuine=[])
    with nullcontext() if is_safe else pytest.raises(BrokenRule, match=r"^C92 "):
        await check_addresses(described)
