"""What a tipster is promised about an accused office is what routing does, whatever a flow's options are called."""

from __future__ import annotations

import pytest

from satark.dialogue.engine import Engine
from satark.dialogue.flow.builder import rebuild_flow
from satark.dialogue.flow.definition import FlowError, FlowSource
from satark.dialogue.flow.loader import default_flow, load_flow
from satark_testing.dialogue.chat import Chat
from satark_words.catalogues import Catalogue, Catalogues
from satark_words.geography.geography import Geography
from support.dialogue.walks import at_police

BOSS = {"police_unit.district": "Boss", "police_unit.district.words": "boss"}


def changed(old: str = "", new: str = "", **texts: str) -> FlowSource:
    """The shipped flow with one change in its file, and with some texts of the operator's own."""
    shipped = default_flow(("en",))
    assert old in shipped.text
    own = Catalogue("en", texts).over(shipped.catalogues["en"])
    return FlowSource(name="own", text=shipped.text.replace(old, new, 1), catalogues=Catalogues([own]), offered=("en",))


@pytest.mark.parametrize(
    ("source", "words"),
    [
        (changed("district: district", "district: station"), "\"The SP's office\" in 'police_unit.district'"),
        (changed("district: district", "district: nobody"), "\"The SP's office\" in 'police_unit.district'"),
        (changed("station: station\n", "station: range\n"), "in 'police_unit.station' names another office"),
        (changed(**{"police_unit.none.words": "nobody, the SP"}), "'the SP' in 'police_unit.none.words'"),
        (changed("promises: district", "promises: station"), "\"This will not be shown to the SP's office"),
        (changed("promises: station", "promises: district"), "'Only the SP and DIG offices will see it'"),
        (changed(", promises: district", ", when: police_unit == 'district'"), "promises another office"),
        (changed(promise="The SP's office will not see this."), '"The SP\'s office will not see this"'),
        (changed(notice="This will not be shown to any thana."), "'This will not be shown to any thana'"),
        (changed(**{"police_unit.ask": "Whom? The SP will not see this."}), "'The SP will not see this'"),
        (changed("promises: station", "promises: chief"), "`promises` belongs to a `say` step"),
        (changed("type: review}", "type: review, promises: range}"), "`promises` belongs to a `say` step"),
    ],
)
def test_a_flow_that_promises_another_office_than_it_keeps_the_tip_from_is_refused(
    source: FlowSource, words: str
) -> None:
    with pytest.raises(FlowError) as caught:
        load_flow(source)
    assert words in str(caught.value)


def test_the_promise_is_that_of_the_accused_unit_not_of_the_options_name() -> None:
    """In words that the lexicon can't read, the option still hears who really gets the tip."""
    source = changed("district: district", "district: station", **BOSS)
    flow = rebuild_flow(load_flow(source).canonical)
    chat = at_police(Chat(Engine(flow, source.catalogues, Geography.sample()))).tap("yes", "district")
    assert "will not be shown to that thana or chowki. Only the SP and DIG offices will see it" in chat.text


def test_an_office_that_the_words_accuse_counts_beside_the_chosen_one(chat: Chat) -> None:
    chat.say("Hi", "2", "daru", "The SP takes money from the men who sell liquor in Lanka", "Lanka")
    said = [chat.tap("yes").text] if chat.step == "police" else []
    said.append(chat.tap("station").text)
    assert not [text for text in said if "Only the SP and DIG offices will see it" in text]
    assert "This will not be shown to the SP's office" in chat.text
