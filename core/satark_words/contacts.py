"""Finds what a text's reader could open, call or write to: addresses, handles and telephone numbers.

Written forms that hide one count too: digits of any script, invisible characters, "dot", digits as words. Numbers of
registers, sections of law, dates, sums, receipts' codes, number plates and helplines are none.
"""

import re
import unicodedata
from itertools import groupby
from typing import Final

from satark_words.tokens import ascii_digits, fold

__all__ = ["find_contact"]
_LEAST_DIGITS: Final = 7
"""Digits of the shortest telephone number: that of a landline without its code."""
_LEAST_SPOKEN: Final = 4
"""Digits that are written as words, from which the words are a number."""
HELPLINES: Final = ("112", "1090", "1098", "181", "1930", "1933", "14416")
"""The numbers that Satark's own texts name."""
_INVISIBLE: Final = frozenset({0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x2800, 0x20E3, *range(0xFE00, 0xFE10)})
_W: Final = r"[\w\u0900-\u0963\u0966-\u097f-]"
_ENDS: Final = r"(?![\w\u0900-\u0963])"
_SURE: Final = (
    "com|org|net|info|biz|online|site|website|xyz|app|link|click|shop|store|live|page|club|space|tech|top|dev|mobi|icu"
    "|vip|pro|gov|edu|nic|ly|gl|gd|io|ai|tk|ga|cf|ml|ru|cc|tv|ws|fm|pk|uk|eu|de|co|कॉम|काम|नेट|भारत|संगठन|इन|ओआरजी"
)
"""Ends of domains that are no words beside a full stop."""
_WORDS_TOO: Final = "in|me|us|is|it|to|so|my|be|at|no|am"
"""Ends of domains that are words too."""
_BEFORE_STOP: Final = frozenset(
    fold(
        "dr mr mrs ms sri shri smt km kum md mohd st insp sgt capt col lt maj adv prof ps po distt dist teh vill no nos"
        " rs sec dy supdt asst govt dept i e"
    ).split()
)
"""Titles and short forms that stand before a full stop without a space."""
_ADDRESS: Final = re.compile(
    unicodedata.normalize(
        "NFKC",
        r"[a-z][a-z0-9+.-]{0,30}:(?://|\\\\)|\b(?:mailto|tel|sms|callto|upi|tg|whatsapp):|@|\bat[ -]the[ -]rate\b"
        r"|(?:ऐट|एट)\s*द\s*रेट|\bwww\b|(?<![\w-])[a-z0-9]+_[a-z0-9_]+|(?<![\d.])\d{1,3}(?:\.\d{1,3}){3}(?![\d.])"
        r"|\w-dot-\w|\w\.[a-z][\w-]+[/?#]\w|[\[({<]\s*(?:\.|dot|डॉट|डाट)\s*[\])}>]|\w\s+\.(?=[a-z]{2})|(?:डॉट|डाट)\s*"
        + _W
        + rf"|\w\s*[.·•]\s+(?:{_SURE}){_ENDS}|\w\s+[·•]?\s*dot\s+(?:{_SURE}){_ENDS}"
        rf"|\w\s+dot\s+(?:{_WORDS_TOO}){_ENDS}(?!\s+[a-z])",
    )
)
_DOTTED: Final = re.compile(rf"(?<!{_W})(?<!{_W}\.)({_W}+(?:\.{_W}+)*)\.([^\W\d_]{_W}+)")
_DOMAIN: Final = re.compile(unicodedata.normalize("NFKC", f"(?:{_SURE}|{_WORDS_TOO})"))
_SHORT: Final = re.compile(r"\w|\d\d|(?:19|20)\d\d")
"""An initial, or a number in a list, a time or a date."""
_DAY: Final = r"[0-3]?\d([./-])[01]?\d\1(?:20)?\d\d|20\d\d-[01]\d-[0-3]\d"
_NAMED: Final = (
    r"(?:gd|g\.d\.|fir|f\.i\.r\.|ncr|cr|dd|cctns|case|crime|जीडी|एफआईआर|रपट|मुकदमा|अपराध)\W{0,3}"
    r"(?:(?:nos?|number|संख्या|सं|नं|नंबर)\W{0,3})?\d[\d/-]*"
)
_SECTIONS: Final = (
    r"(?:sections?|sec|u/s|धारा|धाराओं|bnss?|bsa|ipc|crpc|ndps)\W{0,3}\d{1,3}(?!\d)(?:[\s,/&()-]*\d{1,3}(?!\d))*"
)
_SUM: Final = (
    r"(?:₹|rs\.?|inr|रु\.?|रुपये|रुपए)\s*\d[\d,]*|(?<![\d,])\d[\d,]*\s*(?:/-|₹|rs\b|rupees|रुपये|रुपए)"
    r"|(?<![\d,])\d{1,3}(?:,\d\d)*,\d{3}(?![\d,])"
)
_PLATE: Final = r"\b[a-z]{2}[ -]?\d{1,2}[ -]?[a-z]{1,3}[ -]?\d{1,4}\b|\b\d\d[ -]?bh[ -]?\d{4}[ -]?[a-z]{1,2}\b"
_CODE: Final = r"(?<!\d)\d{4}([ -]?)\d{4}\2\d{4}\2\d{4}(?!\d)"
_REGISTER: Final = r"(?<!\d)\d{1,4}/20\d\d(?!\d)"
_TIME: Final = r"(?<!\d)[0-2]?\d:[0-5]\d(?::[0-5]\d)?(?!\d)"
_OTHER_NUMBER: Final = re.compile(
    unicodedata.normalize(
        "NFKC",
        rf"(?<!\d)(?:{_DAY})(?!\d)|{_CODE}|{_NAMED}|{_SECTIONS}|{_SUM}|{_PLATE}|{_REGISTER}|{_TIME}"
        rf"|(?<!\d)(?:{'|'.join(HELPLINES)})(?!\d)",
    )
)
_DIALLED: Final = re.compile(r"0*(?:91)?[6-9]\d{9}|0\d{9,10}")
_RUN: Final = re.compile(r"\d(?:(?:[^\w\u0900-\u0963]|_)*\d)*")
_SPOKEN: Final = frozenset(
    fold(
        "zero oh one two three four five six seven eight nine ten twenty thirty forty fifty sixty seventy eighty ninety"
        " double triple शून्य ज़ीरो एक दो तीन चार पांच छह छः छे सात आठ नौ डबल shunya ek do teen tin char chaar panch paanch"
        " chhe chah saat sat aath ath nau"
    ).split()
)


def find_contact(text: str) -> str:
    """Return the first address, handle or telephone number of a text, in plain letters; empty if it has none."""
    plain = _plain(text)
    if found := _ADDRESS.search(plain):
        return found[0].strip()
    domains = (match[0] for match in _DOTTED.finditer(plain) if _is_domain(match[1], match[2]))
    return next(domains, "") or _number(plain) or _spoken_number(text)


def _plain(text: str) -> str:
    seen = (char for char in unicodedata.normalize("NFKC", text) if ord(char) not in _INVISIBLE)
    visible = "".join(char for char in seen if unicodedata.category(char) != "Cf")
    return ascii_digits(visible).translate(dict.fromkeys(map(ord, "。∙⋅・‧"), ".")).lower()


def _is_domain(before: str, last: str) -> bool:
    labels = before.split(".")
    if _DOMAIN.fullmatch(last) or (last.isascii() and not (last[2:] or labels[-1].isdigit())):
        return True
    is_hindi = "\u0900" <= last[0] <= "\u097f"
    return not (is_hindi or all(one in _BEFORE_STOP or _SHORT.fullmatch(one) for one in labels))


def _number(plain: str) -> str:
    rest = _OTHER_NUMBER.sub(lambda one: one[0] if _is_dialled(one[0]) else " ", plain)
    return next((run for run in _RUN.findall(rest) if sum(map(str.isdigit, run)) >= _LEAST_DIGITS), "")


def _is_dialled(found: str) -> bool:
    return any(map(_DIALLED.fullmatch, (re.sub(r"\D", "", found), *re.findall(r"\d+", found))))


def _spoken_number(text: str) -> str:
    for is_number, words in groupby(fold(text).split(), lambda word: word.isdigit() or word in _SPOKEN):
        run = [*words]
        spoken, digits = sum(one in _SPOKEN for one in run), sum(map(len, filter(str.isdigit, run)))
        if is_number and spoken >= _LEAST_SPOKEN and spoken + digits >= _LEAST_DIGITS:
            return " ".join(run)
    return ""
