"""The order in which the reader looks for the senses of a text, and how long a text of each may be, in words."""

from __future__ import annotations

from typing import Final

from satark_words.choosing import FILL
from satark_words.reading import Kind

COMMANDS: Final = (
    "done", "back", "skip", "repeat", "language", "status", "reply", "edit", "help", "clear", "delete", "cancel",
    "restart", "forget", "elsewhere", "leave", "more", "less",
)  # fmt: skip
"""In the order in which they are looked for, where the words of two are there."""
SOCIAL: Final = (
    ("soc.wait", Kind.WAIT, ""),
    ("soc.greet", Kind.GREETING, ""),
    ("soc.how", Kind.GREETING, ""),
    ("soc.thanks", Kind.THANKS, ""),
    ("soc.sorry", Kind.REMARK, "mistake"),
    ("soc.ok", Kind.REMARK, "ok"),
    ("soc.bye", Kind.THANKS, ""),
    ("soc.afraid", Kind.REMARK, "afraid"),
    ("t.joke", Kind.REMARK, "chat"),
)
"""Marks of talk; what a text of nothing else is, and its topic."""
LOOSE: Final = (*FILL, "who.*", "soc.*", "neg", "neg.dont", "neg.without", "neg.but", "ask", "ask.sign")
"""Marks that may stand beside any wish without changing it."""
VAGUE: Final = frozenset({"cat.OTHER", "act.do", "act.move", "act.complicit"})
"""Marks that a story has too, but that do not make one."""
QUESTION_MARKS: Final = frozenset("?❓❔")
"""A text of nothing else asks for help."""
LONGEST_TALK: Final = 12
"""Words of the longest text that is guessed to be talk."""
LONGEST_SOCIAL: Final = 5
"""Words of the longest text of which one in four may be unknown, where anything may be told."""
LONGEST_WAIT: Final = 9
"""Words of the longest text that asks to wait."""
LONGEST_PROMISE: Final = 6
"""Words of the longest "I will …" that is taken for a wait; a longer one tells something."""
BESIDE: Final = {"status": ("time.*", "t.report")}
"""What may stand beside a command of its own."""
STORY_WORDS: Final = 4
"""Words of the shortest story."""
WISHES: Final = ("cmd.back", "cmd.edit", "cmd.skip", "cmd.help", "cmd.status", "cmd.repeat")
"""Commands beside whose phrases "ok" says nothing of its own."""
STORY_REST: Final = 2
"""Words of it that must have a meaning of their own."""
