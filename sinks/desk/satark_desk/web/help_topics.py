"""Help: each page's purpose and keys, for the dialog behind `?` and for the page of all help.

The pages take their keys from here too, so that the help names exactly the keys that work.
"""

from collections.abc import Mapping
from typing import Final, TypeAlias

Key: TypeAlias = tuple[str, str]
"""A key, and the id of the text about its effect."""

ACT_KEYS: Final[Mapping[str, str]] = {
    "status": "s",
    "ask": "a",
    "direct": "d",
    "report": "r",
    "note": "o",
    "assign": "g",
    "correct": "p",
    "close": "c",
    "approve": "y",
    "refuse": "x",
    "merge": "m",
    "unmerge": "m",
    "consent": "v",
    "withdraw": "w",
    "recuse": "i",
    "readmit": "b",
}
"""Act → the key that opens its form on a tip's page."""

SIGN_IN_TOPICS: Final = ("sign_in", "second_factor", "recover")
"""Topics of the pages that are open without signing in."""
_ON_TIP: tuple[Key, ...] = (("j", "next"), ("k", "previous"), ("n", "next_unread"), ("u", "queue"))
_ACTS: tuple[Key, ...] = tuple((key, f"act.{act}") for act, key in ACT_KEYS.items())
TOPICS: Final[Mapping[str, tuple[Key, ...]]] = {
    "queue": (
        ("j", "help.key.down"),
        ("k", "help.key.up"),
        ("Enter", "help.key.open"),
        ("n", "first_unread"),
        ("/", "filter.q"),
    ),
    "tip": (*_ON_TIP, *_ACTS, ("Esc", "help.key.leave")),
    "confirm": (("Enter", "confirm.yes"),),
    **dict.fromkeys(("bulk", "handover", "wordings", "figures", "retention", "audit", "roster"), ()),
    **dict.fromkeys(("recoveries", "account", *SIGN_IN_TOPICS), ()),
    "desk": (("?", "help.key.help"),),
}
"""Topic → its keys. The texts `help.<topic>.name` and `help.<topic>` are the topic's name and its words."""
