"""Tells people's texts from programs' output (mails, cards, logs, code). Only prose counts as plain text."""

import itertools
import re
from collections.abc import Mapping
from typing import Final

_FIELD: Final = re.compile(r"([A-Za-z][A-Za-z0-9_.-]{0,60})[ \t]*:")
"""Matches the name at the beginning of a mail's header, or of another field that a program wrote."""
_OF_MAIL: Final = frozenset(
    "from to cc bcc sender date subject received message-id mime-version return-path delivered-to reply-to in-reply-to "  # noqa: SIM905 - a list of names
    "references content-type content-transfer-encoding content-location importance priority status organization "
    "user-agent thread-topic thread-index envelope-to errors-to feedback-id".split()
)
_PREFIXES: Final = ("x-", "arc-", "dkim-", "list-", "content-", "authentication-", "received-", "resent-", "snapshot-")
_HEADERS: Final = 50
"""Most lines of a text that are searched for headers of a mail."""
_FIELDS: Final = 3
"""Number of fields with different names, one below the other, from which no person wrote them."""
_MARGIN: Final = re.compile(r"^(?:[ \t>|*•:+]|-[ \t]|\d{1,2}[.)][ \t])+", re.MULTILINE)
"""Matches the beginning of a line that is quoted, indented or in a list."""
_PROGRAMS: Final = re.compile(
    r"^(?:BEGIN:[A-Z]|-----BEGIN |begin \d{3} |From \S+ .*\d\d:\d\d:\d\d|(?:Received|Return-Path|Message-ID"
    r"|MIME-Version|Delivered-To|(?:X|ARC|DKIM|Content|Authentication)-[\w-]+):|WEBVTT|#EXTM3U|#!/|#include"
    r"|\[[A-Z][a-z]+[A-Z]\w+\]$)|[A-Za-z0-9+/=_-]{50}|</?[A-Za-z][\w:]*(?:\s[^<>]{0,99}=[^<>]{0,99})?/?>|<[!?]\w"
    r"|\d --> \d|;base64,|\bssh-\w+ AAAA|/(?:home|Users)/\w|\b[A-Z]:\\\w",
    re.MULTILINE | re.ASCII,
)
"""Beginnings of cards, keys, mailboxes, lists and mails; long runs, as of encoded files; markup; paths."""
_SETTINGS: Final = re.compile(
    r"^(?:---$\n[\w-]+:|\[//\]: #|#\+\w+:|:\w+:|msgid \"|@@ -|commit [0-9a-f]{7}|P[1-6]$|\$[A-Z]{5},|\$[A-Z]+$|!\w+:"
    r"|/\*|#define |H[FOP][A-Z]{3}|Windows Registry|Manifest-Version|PERFORMER |import [\w.]+$|v -?\d+\.|solid \w+$"
    r"|[A-Z]+\[\"|G1 X|\[\d\d:\d\d\.|INSERT INTO |\w+:x:\d+:|\[[^\]\n]+\]\n+[\w .@\"-]+ ?[:=])|[\w.]+ = \"| && ",
    re.MULTILINE | re.ASCII,
)
"""Matches the beginning of a line in files of settings, of sources and of positions."""
_HALF: Final = r"[^\W\d][^\s:\]-]{0,14}"
"""Matches "PM", "अपराह्न", "म.उ.": which half of the day it was."""
_CHAT: Final = re.compile(
    rf"^(\W{{0,2}}\d{{1,4}}[./-]\d{{1,2}}[./-]\d{{1,4}},? (?:{_HALF}\s)?\d{{1,2}}[:.]\d\d(?:[:.]\d\d)?\W?(?:{_HALF})?"
    r"(?:\]| -) )(.*)$",
    re.MULTILINE,
)
"""Matches a line of an exported chat: the time, and a message with its author or an event."""
_YOU: Final = "(?:[Yy]our?|आप|तुम|আপন|তুমি|તમ|ਤੁ[ਸਹ]|நீங்க|உங்க|మీరు|మిమ్మ|ನೀವು|ನಿಮ್ಮ|നിങ്ങ|آپ)"
_ABOUT_YOU: Final = re.compile(rf"(?!.*: ).*\b{_YOU}|{_YOU}\w* ")
_BY_APP: Final = re.compile(
    "[^:]*: (?:\u200e(?!.*(?:<|omitted))|(?:You deleted this message|This message was deleted|आपने (?:यह|ये) (?:मैसेज|मेसेज"
    "|संदेश)|(?:यह|ये) (?:मैसेज|मेसेज|संदेश) (?:डिलीट|हटा|मिटा)|तुम्ही हा (?:मेसेज|संदेश)|हा (?:मेसेज|संदेश) (?:डिलीट|हट))[^.]{0,20}\\.?$)"
)
"""Matches the app's own words in place of a message. About a deleted message, they show who exported the chat."""
_AUTHORED: Final = 3
"""In a chat at least one line in this many has an author."""
_AUTHOR: Final = re.compile(r"([^:\n]{1,80}):(?: |$)")
_WEB: Final = re.compile(r"https?://\S+")
_LOGGED: Final = re.compile(
    r"^\W?(?:\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?!(?::\d\d)? - )|\d+\.\d{3,}\b|[A-Z][a-z]{2} +\d+ \d\d:\d\d:\d\d"
    r"|\d{1,3}(?:\.\d{1,3}){3}\b|\d\d/[A-Z][a-z]{2}/|[VDIWEF]/|\d\d[-/.]\d\d[-/.]\d{4} \d\d:\d\d:\d\d"
    r"|\d{4}/\d\d/\d\d \d\d:\d\d|\d\d-\d\d \d\d:\d\d:\d\d\.|1[4-9]\d{8}\b|(?:INFO|DEBUG|WARN|ERROR)\b|G[A-Z]{4},"
    r"| *\d+\.\d{3,}\]|[\w.]+=\S|[A-Za-z][\w /()-]{0,60}(?:  +:|\t)\S?)",
    re.MULTILINE | re.ASCII,
)
"""Matches the beginning of a line of a program's log, of settings or of a table; not of an exported chat, which names
the author after a dash."""
_LETTERS: Final = 0.5
"""Smallest share of letters, their signs and digits among the visible characters of prose."""
_SYMBOLS: Final = 0.03
"""Largest share of symbols that are frequent only in code and data."""


def begins_as_mail(text: str) -> bool:
    """Whether a text begins with headers of a mail, folded or not, at least one of which only mails have."""
    names: list[str] = []
    for line in text.lstrip("\ufeff \t\r\n").split("\n", _HEADERS)[:_HEADERS]:
        if not line.strip() or (line[0] not in " \t" and not _FIELD.match(line)):
            break
        names += [found[1].lower() for found in (_FIELD.match(line),) if found]
    else:
        return _is_of_mail(names)
    return _is_of_mail(names) and (not line.strip() or len(names) >= _FIELDS)


def _is_of_mail(names: list[str]) -> bool:
    return any(name in _OF_MAIL or name.startswith(_PREFIXES) for name in names)


def hide_people(text: str) -> str:
    """Return an exported chat with "person 1" in place of the first author, and so on, and without its events.

    The form of names tells whose phone exported it: all but its owner are a number, a "~" or a name of its contacts.
    """
    said = [line[2] for line in _CHAT.finditer(text)]
    authors = [found[1] for one in said if not _shows_owner(one) and (found := _AUTHOR.match(one))]
    is_chat = len(authors) * _AUTHORED >= len(said)  # not a diary, whose lines must stay
    names = dict.fromkeys(map(_bare, authors)) if is_chat else ()
    people = {name: f"person {at}" for at, name in enumerate(names, 1)}

    def hidden(line: re.Match[str]) -> str:
        found = _AUTHOR.match(line[2]) if is_chat else None
        if _shows_owner(line[2]) or (is_chat and not found):
            return f"{line[1]}…"
        return f"{line[1]}{people[_bare(found[1])]}{line[2][found.end(1) :]}" if found else line[0]

    return _without_mentions(_CHAT.sub(hidden, text), people) if people else _CHAT.sub(hidden, text)


def _shows_owner(said: str) -> bool:
    return bool(_ABOUT_YOU.match(said) or _BY_APP.match(said))


def _bare(name: str) -> str:
    """Return a name without the signs around it, such as the "~" before a name that is no contact's."""
    return re.sub(r"^[^\w+]+|[^\w)]+$", "", name) or name


def _without_mentions(text: str, people: Mapping[str, str]) -> str:
    names = "|".join(map(re.escape, sorted(people, key=len, reverse=True)))
    mention = re.compile(rf"@\W{{0,3}}(?:({names})(?!\w)|\+?\d[\d ]{{7,16}}\d|\u2068[^\u2069\n]{{1,80}}\u2069)\u2069?")
    return mention.sub(lambda found: f"@{people.get(found[1] or '', 'person')}", text)


def is_prose(text: str) -> bool:
    """Whether a whole text is a person's writing, or a chat that a phone exported."""
    return is_written(text) and not _has_fields(text) and not _is_table(text)


def is_written(text: str) -> bool:
    """Whether nothing in a text, or in a part of it, shows that a program wrote it."""
    plain = _MARGIN.sub("", _WEB.sub("", text))
    seen = sum(map(len, plain.split()))
    written = sum(char.isalnum() or char > "\u02ff" for char in plain)
    symbols = sum(plain.count(char) for char in "{}=\\|;")
    return (
        written >= seen * _LETTERS
        and symbols <= seen * _SYMBOLS + 1
        and not begins_as_mail(text)
        and not _PROGRAMS.search(plain)
        and not _SETTINGS.search(text.replace("\r", ""))
        and len(_LOGGED.findall(plain)) < _FIELDS
        and all(char >= " " or char in "\t\r\n\f\v" for char in plain)
    )


def _has_fields(text: str) -> bool:
    """Whether several fields with different names follow each other. A folded line continues its field."""
    names: set[str] = set()
    for line in text.splitlines():
        found = _FIELD.match(_MARGIN.sub("", line))
        names = names | {found[1].lower()} if found else names if line[:1] in {" ", "\t"} else set()
        if len(names) >= _FIELDS:
            return True
    return False


def _is_table(text: str) -> bool:
    """Whether lines have the same number of commas without a blank, as in a program's exported values."""
    plain = re.sub(r'"[^"\n]*"', "", text)
    commas = [len(re.findall(r",(?! )", line)) for line in plain.splitlines() if line.strip()]
    runs = [len(list(run)) for count, run in itertools.groupby(commas) if count > 1]
    return max(runs, default=0) >= _FIELDS or (len(commas) >= _FIELDS and set(commas) == {1})
