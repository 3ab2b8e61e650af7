"""Two plugins that claim one address stop the start, and both are named."""

from __future__ import annotations

import pytest

from satark.plugins.addresses import Addresses
from satark.plugins.handed_over import PluginError

HOOK, PAGE = False, True


def claimed(*claims: tuple[str, str, bool]) -> Addresses:
    """Claim addresses one after the other: plugin, path, and whether it is a page."""
    addresses = Addresses()
    for number, (plugin, path, is_page) in enumerate(claims):
        addresses.claim(str(number), [(plugin, path)], has_below=is_page)
    return addresses


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (("one", "/hook", HOOK), ("two", "/hook", HOOK)),
        (("one", "/hook", HOOK), ("one", "/hook", HOOK)),
        (("one", "/hook", HOOK), ("two", "/hook/", PAGE)),
        (("one", "/page", PAGE), ("two", "/page/hook", HOOK)),
        (("one", "/page/below", PAGE), ("two", "/page", PAGE)),
        (("one", "/", PAGE), ("two", "/", PAGE)),
    ],
)
def test_two_claims_of_one_address_are_refused(first: tuple[str, str, bool], second: tuple[str, str, bool]) -> None:
    with pytest.raises(PluginError, match=f"plugin '{second[0]}' claims the address .* and plugin '{first[0]}' claims"):
        claimed(first, second)


@pytest.mark.parametrize(
    ("path", "owner"),
    [
        ("/healthz", "Satark itself"),
        ("/readyz/", "Satark itself"),
        ("/metrics", "Satark itself"),
        ("/status", "the mailbox"),
        ("/status/mine", "the mailbox"),
        ("/simulator/api", "the demo"),
    ],
)
@pytest.mark.parametrize("is_page", [False, True])
def test_an_address_of_the_host_is_refused(path: str, owner: str, *, is_page: bool) -> None:
    with pytest.raises(PluginError, match=f"plugin 'one' claims .*{owner}"):
        claimed(("one", path, is_page))


def test_an_invalid_path_is_refused() -> None:
    with pytest.raises(PluginError, match="'hook': it must begin with /"):
        claimed(("one", "hook", HOOK))


def test_claims_that_do_not_clash_are_accepted() -> None:
    addresses = claimed(
        ("form", "/", PAGE),  # gets what nobody else serves
        ("chat", "/chat/webhook", HOOK),
        ("chat", "/chat", PAGE),  # its own
        ("other", "/chats", PAGE),
        ("desk", "/desk", PAGE),
    )
    addresses.claim("0", [("form", "/")], has_below=PAGE)  # once more
