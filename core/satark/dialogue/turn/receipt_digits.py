"""Take out of a tipster's words what may be a receipt's code: whole, in parts, or one digit off.

Every word on its way to a desk passes here. The code is stored nowhere, so that only its shape can tell it, and that
it opens a mailbox. A typed number that opens none stays if no words call it a code (`Turn.otherwise`); the number of an
account stays if the words call it one. A mailbox's page has a field for the code: there another number stays too.
"""

import re
from typing import Final

from satark.api.tip import RECEIPT_DIGITS
from satark.dialogue.turn.context import TurnContext
from satark_words.analysis import Analysis
from satark_words.tokens import ascii_digits, without_code

_BETWEEN: Final = r"[^\w\n]{0,3}|\n|_"
_CODE: Final = re.compile(rf"(?<!\d)(?:\d{{15,17}}|\d{{4}}(?:(?:{_BETWEEN})\d{{4}}){{2}}(?:{_BETWEEN})\d{{3,5}})(?!\d)")
_APART: Final = r"(?:[^\w\n]{1,3}|\n|_)"
_PART: Final = re.compile(
    rf"(?<!\d)(?:\d{{8}}|\d{{4}}{_APART}\d{{4}}(?:\d{{4}})?)(?:{_APART}(?:\d{{8}}|\d{{1,4}}))*(?!\d)"
)
"""A piece of two or more groups of four digits. Prices and years look so too."""
_CODE_GROUP: Final = re.compile(r"\d{4}")
_LONG: Final = re.compile(r"(?<!\d)\d{5,}(?!\d)")
_OF_TIP: Final = re.compile(r"(?<!\w)[0-9A-Za-z]{4}-[0-9A-Za-z]{4}(?!\w)")
"""Matches a tip's number."""
FEWEST: Final = 8
"""Digits from which a piece of a code is worth taking out."""
_PHONE: Final = 10
_ANOTHER: Final = 12
"""Digits of an Aadhaar number, which some call a code."""
_ABOUT_CODES: Final = ("t.code", "cmd.status", "t.report", "k.tip")
_BESIDE_CODE: Final = (
    *_ABOUT_CODES, "digits", "num.*", "fill", "pol", "soc.*", "say.*", "ask", "ask.*", "aux", "who.me", "who.you",
    "k.number", "k.part", "k.became", "k.joins", "k.extent", "verb.mine", "opt.when.was", "opt.when.past",
)  # fmt: skip
"""Marks of what stands beside a code in a text that tells nothing else."""
_CALLED_SO: Final = ("t.code", "cmd.status", "k.tip")
"""Marks of words that call a number a receipt's code."""
_OF_ACCOUNTS: Final = ("k.account", "fill", "k.number", "verb.*", "aux", "w.money")


def without_codes(context: TurnContext, text: str) -> str:
    """Return a text without what may be a receipt's code, or a piece of one."""
    if context.numbers_stay or sum(map(str.isdigit, text)) < FEWEST:
        return text
    told, plain = context.analysis(text), ascii_digits(text)
    is_told = context.on_page and context.session.mailbox and not (told.has(*_ABOUT_CODES) or tells_nothing(told))
    if is_told or is_account(told):
        return text
    left = _CODE.sub(" ", without_code(plain, RECEIPT_DIGITS))
    sizes = {part: sum(map(str.isdigit, part)) for part in _PART.findall(left)}
    parts = [one for one, size in sizes.items() if size >= FEWEST and (size != _PHONE or told.has("t.code"))]
    may_be_another = max(sizes.values(), default=0) == _ANOTHER and told.has("cat.*", "strong.*")
    is_code = tells_nothing(told) or (told.has("t.code") and not may_be_another)
    if parts and (len(parts) > 1 or is_code):
        left = _PART.sub(lambda found: " " if found[0] in parts else found[0], left)
    left = _LONG.sub(" ", left) if told.has("t.code") and tells_nothing(told) else left
    return text if left == plain else left.strip()


def is_account(told: Analysis) -> bool:
    """Whether a text calls its number an account's: the word stands before it, and nothing else between them."""
    if not told.has("k.account") or told.has(*_ABOUT_CODES):
        return False
    first = min((one.start for one in told.found("digits")), default=0)
    before = [one.start for one in told.found("k.account") if one.start < first]
    return bool(before) and told.covered(_OF_ACCOUNTS).issuperset(range(max(before), first))


def is_called_code(told: Analysis) -> bool:
    """Whether a text speaks of its number as of a receipt's code: the word is beside it, or it tells nothing else."""
    groups = [one.start for one in told.found("digits") if _CODE_GROUP.search(told.tokens[one.start].text)]
    first, last = min(groups, default=0), max(groups, default=0)
    gaps = (range(min(one.end, last + 1), max(one.start, first)) for one in told.found(*_CALLED_SO))
    return tells_nothing(told) or any(told.covered(_BESIDE_CODE).issuperset(gap) for gap in gaps)


def tells_nothing(told: Analysis) -> bool:
    """Whether a text tells nothing beside a code and the number of its tip."""
    numbers = [found.span() for found in _OF_TIP.finditer(told.text)]
    words = {
        at
        for at, one in enumerate(told.tokens)
        if any(map(str.isalpha, one.text)) and not any(start <= one.start < end for start, end in numbers)
    }
    return told.covered(_BESIDE_CODE) >= words and not told.has("thing.number")
