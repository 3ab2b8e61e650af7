"""The channel keeps the contract that every channel has to keep."""

from __future__ import annotations

from pathlib import Path

from satark.channel import Address, Call, MediaRef
from satark.testing.contracts.channel import ChannelCase, check_channel
from satark_web_form.channel import ACCOUNT, WebFormChannel
from satark_web_form.uploads.settings import UploadSettings
from satark_web_form.uploads.staging import Staging
from satark_web_form.visitors import Visitor, new_visitor


def refuses(call: Call) -> None:
    """Raise: there is nobody to call."""
    raise AssertionError(call.method)


def test_it_keeps_the_contract(tmp_path: Path) -> None:
    channel = WebFormChannel(Staging(tmp_path, UploadSettings()))
    to = Address(new_visitor().secret)
    check_channel(ChannelCase(channel=channel, to=to, genuine=[], identifiers=[], accepts=refuses))


def test_nobody_is_called() -> None:
    channel = WebFormChannel(Staging(Path("nowhere"), UploadSettings()))
    assert MediaRef(account=ACCOUNT, id="1").account in channel.accounts


def test_a_visitor_is_256_random_bits_and_never_shows_them() -> None:
    visitors = [new_visitor() for _ in range(50)]
    assert len({visitor.secret for visitor in visitors}) == 50
    assert all(len(visitor.secret) == 43 for visitor in visitors)
    assert not [v for v in visitors if v.secret in f"{v!r} {v} {v.address!r} {v.key!r}"]
    assert Visitor("x") == Visitor("x")
