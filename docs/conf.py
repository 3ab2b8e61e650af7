"""How Sphinx builds the documentation site of our Markdown: `make docs`.

Sphinx reads the pages in place, so that a link works in the site as it does in the repository.
"""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pygments.lexers.special import TextLexer
from sqlalchemy import MetaData
from starlette.types import ASGIApp

import satark.api.flow
import satark.api.services
import satark.api.web
from satark_words.catalogues import Catalogue
from satark_words.geography.geography import Geography

sys.path.insert(0, str(Path(__file__).parent))

from reference_types import contract_names

if TYPE_CHECKING:
    from sphinx.application import Sphinx

project = "Satark"
project_copyright = "the authors of Satark"
extensions = ["myst_parser", "sphinx.ext.autodoc"]
default_role = "code"
autodoc_member_order = "bysource"
autodoc_typehints_format = "short"
autodoc_default_options = {"imported-members": True, "undoc-members": True}
root_doc = "docs/index"
include_patterns = ["*.md", "docs/**.md", "channels/*/README.md", "sinks/*/README.md", "examples/*/README.md"]
exclude_patterns = [".*", "build", "dist", "data", "core", "tests", "**/node_modules"]
templates_path = ["site"]

html_theme = "furo"
html_title = "Satark"
html_additional_pages = {"index": "start.html"}  # so that the folder opens in a browser
html_show_sourcelink = False
html_search_scorer = str(Path(__file__).parent / "site/scorer.js")
html_copy_source = False
html_show_sphinx = False

myst_heading_anchors = 4  # as GitHub makes them

# Types that only type checkers import; autodoc shows them in signatures.
satark.api.flow.Catalogue, satark.api.flow.Geography = Catalogue, Geography  # type: ignore[attr-defined]
satark.api.services.MetaData, satark.api.web.ASGIApp = MetaData, ASGIApp  # type: ignore[attr-defined]

_PART = re.compile(r"^## (.+)\n((?:(?!^#).*\n)*)", re.MULTILINE)
_LISTED = re.compile(r"^- \[[^]]+\]\(([^):#]+)\.md\)", re.MULTILINE)
_START = "docs/index"
"""The page whose lists of links are the site's table of contents."""
_NAMES = "docs/reference/api"
"""The page with every public name, from the source."""
_PUBLIC = {**contract_names(), **contract_names("satark_files."), "satark.api": ["VERSION"]}
"""Module → its names that `satark.api` offers."""
_DECISIONS = "docs/adr/README"
"""The page whose table of contents is its folder."""


def _append_contents(_app: Sphinx, page: str, source: list[str]) -> None:
    """Make the site's tables of contents and its list of names, so that the Markdown needs neither."""
    if page == _START:
        source[0] += "".join(
            _contents([":hidden:", f":caption: {title}"], _LISTED.findall(text))
            for title, text in _PART.findall(source[0])
        )
    if page == _NAMES:
        described = (f".. automodule:: {module}\n   :members: {', '.join(_PUBLIC[module])}\n" for module in _PUBLIC)
        source[0] += "\n".join(["", "```{eval-rst}", *described, "```", ""])
    if page == _DECISIONS:
        source[0] += _contents([":glob:"], ["0*"])


def _list_names(app: Sphinx, _doctree: object) -> None:
    """Put every public name into `objects.inv` as plugins import it, too: other sites link to it there."""
    python = app.env.domains.python_domain
    for module, names in _PUBLIC.items() if app.env.docname == _NAMES else ():
        for name in names:
            if (known := python.objects.get(f"{module}.{name}")) and module != "satark.api":
                python.note_object(f"satark.api.{name}", known.objtype, known.node_id, aliased=True)


def _contents(options: list[str], pages: list[str]) -> str:
    return "\n".join(["", "```{toctree}", *options, "", *pages, "```", ""])


def setup(app: Sphinx) -> dict[str, Any]:
    """Tell Sphinx of the lists, and of the code blocks that need no colours."""
    app.connect("source-read", _append_contents)
    app.connect("doctree-read", _list_names)
    for plain in ("csv", "tree"):
        app.add_lexer(plain, TextLexer)
    return {"parallel_read_safe": True}
