"""Catalogues are read as Babel reads them, and a written catalogue reads back the same."""

from __future__ import annotations

import io
from itertools import product
from typing import Final

import pytest
from babel import Locale
from babel.messages import pofile
from hypothesis import given
from hypothesis import strategies as st

from satark.cli.language_review import every_part
from satark_words import languages
from satark_words.languages import catalogue_of
from satark_words.po import PLURAL, Entry, PoError, plural_of, read_po, write_po

SOURCES: Final = {
    f"{part} {code}": source
    for part, code in product(every_part(), ("en", "hi", "ur", "bho"))
    if (source := catalogue_of(part, code))
}
POLISH: Final = "(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2)"


@pytest.mark.parametrize("name", SOURCES)
def test_every_catalogue_is_read_as_babel_reads_it(name: str) -> None:
    found = [(entry.id, tuple(entry.forms), entry.is_fuzzy, entry.notes) for entry in read_po(SOURCES[name])]
    known = [
        (
            one.id if isinstance(one.id, str) else one.id[0],
            (one.string,) if isinstance(one.string, str) else tuple(one.string or ()),
            one.fuzzy,
            one.user_comments,
        )
        for one in pofile.read_po(io.BytesIO(SOURCES[name].encode()), locale=name[-2:].strip())
    ]
    assert found[1:] == known[1:]
    assert plural_of(read_po(SOURCES[name])) == PLURAL


TEXT: Final = st.text(st.characters(exclude_categories=["Cs"]))
ENTRIES: Final = st.lists(
    st.builds(
        Entry,
        id=TEXT.filter(bool),
        plural=st.none() | TEXT,
        forms=st.lists(TEXT, min_size=1, max_size=1),
        comments=st.lists(st.sampled_from(["# a note", "#. English", "#, fuzzy"])),
    )
)


@pytest.mark.slow("a whole corpus")
@given(entries=ENTRIES)
def test_a_written_catalogue_reads_back_the_same(entries: list[Entry]) -> None:
    header = Entry(forms=[f"Language: pl\nPlural-Forms: nplurals=3; plural={POLISH};\n"], comments=["# Polish"])
    written = write_po([header, *entries])
    assert read_po(written) == [header, *entries]
    assert plural_of(read_po(written)) == POLISH


@pytest.mark.parametrize("text", ["<html>", 'msgid "a', '"a"', 'msgid "a"\nmsgtext "b"'])
def test_a_faulty_line_of_a_catalogue_is_named_by_its_number(text: str) -> None:
    with pytest.raises(PoError, match=rf"line {len(text.splitlines())} "):
        read_po(text)


@pytest.mark.slow("a whole corpus")
def test_languages_are_named_as_cldr_names_them() -> None:
    for code, known in languages.known_languages().items():
        assert known.english == Locale("en").languages[code]
        assert known.own == Locale.parse(code).languages[code]
        if known.months:
            months = Locale.parse(code).months
            assert known.short_months.split(",") == [months["format"]["abbreviated"][n] for n in range(1, 13)]
            assert known.months.count(",") == known.short_months.count(",")
