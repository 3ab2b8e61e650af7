"""Converts HTML, which holds hidden facts about its writer, to the text that a reader sees. In the sandbox only."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from lxml import etree, html

from satark_files.documents.plain_text import decode_text, shown_text
from satark_files.limits import Limits
from satark_files.scrubber import Cleaned, Unclean

_INVISIBLE: Final = frozenset(
    "head script style template noscript meta link title iframe object embed svg select".split()  # noqa: SIM905 - a list of names
)
_BLOCKS: Final = frozenset(
    "p div br tr li ul ol table h1 h2 h3 h4 h5 h6 section article header footer blockquote pre hr dt dd".split()  # noqa: SIM905 - a list of names
)
_HIDDEN: Final = re.compile(
    r"display\s*:\s*none|visibility\s*:\s*hidden|(font-size|opacity)\s*:\s*0(?![.\d]*[1-9])", re.IGNORECASE
)
_RAISES: Final = (LookupError, ValueError, TypeError, AttributeError, RecursionError, etree.LxmlError)


class MarkupScrubber:
    """Converts HTML to plain text."""

    mimes = frozenset({"text/html"})

    def scrub(self, source: Path, target: Path, limits: Limits) -> str:
        """Write the clean copy; see `Scrubber`."""
        del limits
        data = source.read_bytes()
        try:
            target.write_text(shown_text(html_text(decode_text(data))), encoding="utf-8")
        except _RAISES:
            raise Unclean("damaged") from None
        return Cleaned("text/plain", left_out=("pictures",) if b"<img" in data.lower() else ())


def html_text(text: str) -> str:
    """Return the text that a browser shows. Addresses of links are left out: they may hold the reader's own name."""
    parser = html.HTMLParser(remove_comments=True, remove_pis=True, no_network=True, huge_tree=False, encoding="utf-8")
    root = html.document_fromstring(text.encode(), parser=parser)
    return "".join(_seen(root))


def _seen(element: etree._Element) -> Iterator[str]:
    """Yield the visible text of an element and its children, without recursion: pages may be nested deeply."""
    waiting: list[etree._Element | str] = [element]
    while waiting:
        part = waiting.pop()
        if isinstance(part, str):
            yield part
            continue
        end = "\n" if part.tag in _BLOCKS else ""
        if not isinstance(part.tag, str) or part.tag in _INVISIBLE or _is_hidden(part):
            continue
        yield f"{end}{part.text or ''}"
        waiting.append("" if part.tag == "br" else end)
        for child in reversed(part):
            waiting += [child.tail or "", child]


def _is_hidden(element: etree._Element) -> bool:
    return element.get("hidden") is not None or bool(_HIDDEN.search(element.get("style", "")))
