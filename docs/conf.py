"""How Sphinx builds the documentation site of our Markdown: `make docs`.

The pages are read where they lie, so that a link works in the site as it does in the repository.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from pygments.lexers.special import TextLexer

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "Satark"
project_copyright = "the authors of Satark"
extensions = ["myst_parser"]
root_doc = "docs/index"
include_patterns = ["*.md", "docs/**.md", "channels/*/README.md", "sinks/*/README.md", "examples/*/README.md"]
exclude_patterns = [".*", "build", "dist", "data", "core", "tests", "**/node_modules"]
templates_path = ["site"]

html_theme = "furo"
html_title = "Satark"
html_additional_pages = {"index": "start.html"}  # so that the folder opens in a browser
html_show_sourcelink = False
html_copy_source = False
html_show_sphinx = False

myst_heading_anchors = 4  # as GitHub makes them

_PART = re.compile(r"^## (.+)\n((?:(?!^#).*\n)*)", re.MULTILINE)
_LISTED = re.compile(r"^- \[[^]]+\]\(([^):#]+)\.md\)", re.MULTILINE)
_START = "docs/index"
"""The page whose lists of links are the site's table of contents."""
_DECISIONS = "docs/adr/README"
"""The page whose table of contents is its folder."""


def _append_contents(_app: Sphinx, page: str, source: list[str]) -> None:
    """Make the site's tables of contents, so that the Markdown itself needs none."""
    if page == _START:
        source[0] += "".join(
            _contents([":hidden:", f":caption: {title}"], _LISTED.findall(text))
            for title, text in _PART.findall(source[0])
        )
    if page == _DECISIONS:
        source[0] += _contents([":glob:"], ["0*"])


def _contents(options: list[str], pages: list[str]) -> str:
    return "\n".join(["", "```{toctree}", *options, "", *pages, "```", ""])


def setup(app: Sphinx) -> dict[str, Any]:
    """Tell Sphinx of the lists, and of the code blocks that need no colours."""
    app.connect("source-read", _append_contents)
    for plain in ("csv", "tree"):
        app.add_lexer(plain, TextLexer)
    return {"parallel_read_safe": True}
