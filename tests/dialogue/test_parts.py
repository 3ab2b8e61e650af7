"""Each part of an answer from several messages belongs to its message, and is edited or deleted only with it."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from satark.api.inbound import FormPage, Text
from satark.api.tip import Place
from satark.dialogue.engine import Engine
from satark.dialogue.flow.loader import default_flow, load_flow
from satark.dialogue.session import GivenAnswer, Session
from satark_testing.dialogue.chat import FORM_TOKEN, Chat
from satark_words.geography.geography import ELSEWHERE, Geography

pytestmark = pytest.mark.slow("whole conversations")

STORY = "lanka me ramesh daru bechta hai roz raat ko"
MORE = "school ke samne bechta hai bachcho ko"
CHATS = pytest.mark.parametrize("channel", ["whatsapp", "telegram"])
ERASED = "मिटा दी गई"


@pytest.fixture(params=["whatsapp", "telegram"])
def chat(request: pytest.FixtureRequest, engine: Engine) -> Chat:
    return Chat(engine, request.param)


def session(chat: Chat) -> Session:
    assert chat.session is not None
    return chat.session


def answer(chat: Chat, step: str = "what") -> Any:
    given = session(chat).answers.get(step)
    return given.value if given else None


def everything(chat: Chat) -> str:
    return str(msgspec.to_builtins(session(chat)))


def test_a_revoked_first_message_leaves_the_second(chat: Chat) -> None:
    chat.say(STORY, MORE).revoke("s0")
    assert ERASED in chat.text
    assert answer(chat) == MORE
    assert "ramesh" not in everything(chat)
    assert (answer(chat, "category"), answer(chat, "place")) == (None, None)


def test_a_revoked_second_message_leaves_the_first_and_its_answers(chat: Chat) -> None:
    told = session(chat.say(STORY)).answers
    chat.say(MORE).revoke("s1")
    assert ERASED in chat.text
    assert {name: one.value for name, one in session(chat).answers.items()} == {
        name: one.value for name, one in told.items()
    }


def test_the_story_of_a_whole_conversation_is_revoked_message_by_message(chat: Chat) -> None:
    chat.say("Hi", "2", "daru", "ramesh sells it from his house", "Lanka", "They bring it every night in a pickup")
    assert "ramesh" in answer(chat)
    assert "is erased" in chat.revoke("s3").text
    assert answer(chat) == "They bring it every night in a pickup"
    assert answer(chat, "place")["text"] == "Lanka"


def test_a_revoked_story_removes_its_category_and_place(chat: Chat) -> None:
    chat.say(STORY).revoke("s0")
    assert ERASED in chat.text
    assert not {"what", "category", "place"} & session(chat).answers.keys()
    assert not session(chat).has_draft


def test_a_revoked_cry_leaves_no_alarm(chat: Chat) -> None:
    chat.say("bachao wo mujhe maar raha hai")
    assert session(chat).dangers
    assert session(chat.revoke("s0")).dangers == ()


def test_a_danger_that_another_message_tells_of_stays(chat: Chat) -> None:
    chat.say("bachao wo mujhe maar raha hai", "bachao wo mujhe chaku se maar raha hai").revoke("s0")
    assert "life" in session(chat).dangers


def test_an_edit_without_a_danger_ends_the_urgency(chat: Chat) -> None:
    chat.say("bachao wo mujhe maar raha hai").edit("s0", "lanka me daru bechta hai roz raat ko")
    assert session(chat).dangers == ()
    assert session(chat.edit("s0", "bachao wo mujhe maar raha hai")).dangers
    assert session(chat.revoke("s0")).dangers == ()


def test_an_edit_replaces_its_own_part(chat: Chat) -> None:
    chat.say(STORY, f"{MORE}, mera beta bhi padhta hai").edit("s1", MORE)
    assert answer(chat) == f"{STORY}\n{MORE}"
    chat.edit("s0", "sigra me ganja bikta hai roz raat ko")
    assert answer(chat) == f"sigra me ganja bikta hai roz raat ko\n{MORE}"
    assert chat.edit("s1", "mandir ke paas bechta hai bachcho ko").edit("s0", STORY).session is not None
    assert answer(chat) == f"{STORY}\nmandir ke paas bechta hai bachcho ko"


def test_an_edit_fills_in_again_the_answers_that_its_message_had_told(chat: Chat) -> None:
    chat.say(STORY)
    before = answer(chat, "place")
    chat.edit("s0", "sigra me juaa khilate hai roz raat ko")
    assert answer(chat, "category") == "GAMBL"
    assert answer(chat, "place")["text"] != before["text"]
    assert "Lanka" not in chat.text


def test_an_edit_leaves_answers_that_the_tipster_gave_otherwise(chat: Chat) -> None:
    chat.say(STORY).tap("change", "category").say("gaay").edit("s0", "sigra me juaa khilate hai roz raat ko")
    assert answer(chat, "category") == "COW"


def test_a_revoked_message_is_no_longer_asked_about(chat: Chat) -> None:
    chat.say("lanka me mere bhai ramesh daru bechta hai, mera naam Sunita hai, mobile 9876543210", MORE)
    assert session(chat).state == "@identity"
    chat.revoke("s0")
    assert session(chat).state == ""
    assert "9876543210" not in everything(chat)


def test_stored_words_are_erased_with_their_message(chat: Chat) -> None:
    chat.say("lanka me ramesh daru bechta hai, mobile 9876543210").say("keep them").revoke("s0")
    assert "9876543210" not in everything(chat)


def test_erased_words_stay_erased_when_another_message_is_changed(chat: Chat) -> None:
    chat.say("lanka me ramesh daru bechta hai roz, mera mobile 9876543210 hai")
    chat.say("इन्हें मिटा दो").say(MORE).edit(f"s{len(chat.turns) - 1}", "mandir ke paas bechta hai bachcho ko")
    assert "9876543210" not in everything(chat)
    assert answer(chat).startswith("lanka me ramesh daru bechta hai roz")
    assert answer(chat).endswith("\nmandir ke paas bechta hai bachcho ko")


def test_a_revoked_caption_takes_its_words_and_its_file(chat: Chat) -> None:
    chat.say(STORY).send("image", MORE).revoke("s1")
    assert chat.turn.dropped_files == ("1",)
    assert MORE not in everything(chat)
    assert answer(chat) == STORY


def test_an_edited_caption_of_a_stored_file_is_not_reported_as_changed(chat: Chat) -> None:
    chat.say("Hi").send("image", STORY)
    assert "Changed" not in chat.edit("s1", MORE).text
    assert answer(chat) == STORY


def test_the_recording_that_was_not_revoked_stays(engine: Engine) -> None:
    chat = Chat(engine, speaks=True).say("Hi", "2").send("voice").send("voice").revoke("s2")
    assert chat.turn.dropped_files == ("1",)
    assert answer(chat, "@what") == {"voice": "2"}


def test_the_word_that_ends_the_files_erases_no_file(chat: Chat) -> None:
    chat.say("Hi", "2", "daru", "They sell it", "Lanka", "no").send("image").say("done").revoke("s7")
    assert chat.turn.dropped_files == ()
    assert len(session(chat).files) == 1


def test_a_pin_and_the_words_of_a_place_are_revoked_apart(chat: Chat) -> None:
    chat.say("Hi", "2", "daru", "They sell it", "behind the temple").pin(25.28, 82.99)
    assert {"text", "latitude"} <= answer(chat, "place").keys()
    chat.revoke("s5")
    assert answer(chat, "place") == {"text": "behind the temple"}
    chat.pin(25.28, 82.99).revoke("s4")
    assert {"text", "latitude"} & answer(chat, "place").keys() == {"latitude"}


def test_a_revoke_that_finds_nothing_erases_nothing(chat: Chat) -> None:
    told = session(chat.say(STORY)).answers
    assert ERASED not in chat.revoke("s9").text
    assert ERASED not in chat.revoke("").text
    assert session(chat).answers == told


FORM = FormPage((("what", Text("they sell it near the mill")), ("when", Text(""))), "en", FORM_TOKEN)


def test_a_form_adds_to_answers_of_the_chat_and_replaces_answers_of_a_form(engine: Engine) -> None:
    chat = Chat(engine, forms=("en",)).say("Hi", "2", "daru", "Ramesh Yadav sells it, number UP65")
    assert answer(chat.hear(FORM)) == "Ramesh Yadav sells it, number UP65\nthey sell it near the mill"
    again = FormPage((("what", Text("they sell it near the bridge")),), "en", FORM_TOKEN)
    assert answer(chat.hear(again)) == "Ramesh Yadav sells it, number UP65\nthey sell it near the bridge"
    assert answer(chat.revoke("s5")) == "Ramesh Yadav sells it, number UP65"


def test_a_form_keeps_the_beginning_of_a_long_answer(engine: Engine) -> None:
    chat = Chat(engine, forms=("en",)).say("Hi", "2", "daru", "x" * 4500).hear(FORM)
    assert answer(chat) == f"{'x' * 4000}\nthey sell it near the mill"


def test_a_form_adds_to_a_place_and_its_blanks_erase_nothing(engine: Engine) -> None:
    chat = Chat(engine, forms=("en",)).say("Hi", "2", "daru", "They sell it", "behind the temple")
    chat.hear(FormPage((("place", Text("Lanka")), ("evidence", Text(""))), "en", FORM_TOKEN))
    assert answer(chat, "place")["text"] == "behind the temple\nLanka"


def test_an_answer_is_made_of_its_parts() -> None:
    one = GivenAnswer("a", "s1")
    assert one.parts == (("s1", "a"),)
    spoken = GivenAnswer.of_parts((*one.parts, ("s2", {"voice": "1"}), ("s3", "b")), ("1",))
    assert spoken.value == {"text": "a\nb", "voice": "1"}
    assert spoken.evidence == ("1",)
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(spoken), type=GivenAnswer) == spoken
    assert GivenAnswer.of_parts(one.parts) == one
    assert GivenAnswer.of_parts((("s1", None), ("s2", "b"))).value == "b"


def test_a_pin_outweighs_words_about_the_district() -> None:
    words = msgspec.to_builtins(Place(text="Sigra", district="D1", station="S1"))
    there = {"latitude": 1.0, "longitude": 2.0, "text": "a shop"}
    assert GivenAnswer.of_parts((("a", words), ("b", {**there, "district": "D2"}))).value == {
        "text": "Sigra", "latitude": 1.0, "longitude": 2.0, "district": "D2",
    }  # fmt: skip
    doubtful = GivenAnswer.of_parts((("a", words), ("b", {**there, "district": ELSEWHERE})))
    assert doubtful.value["district"] == ""


SOURCE = default_flow()
ENGINE = Engine(load_flow(SOURCE), SOURCE.catalogues, Geography.sample())
moves = st.lists(st.tuples(st.sampled_from(["say", "say", "edit", "revoke"]), st.integers(0, 5)), max_size=12)


@CHATS
@settings(max_examples=20, deadline=None)
@given(moves)
def test_the_story_is_the_last_version_of_each_message_that_was_not_revoked(
    channel: str, moves: list[tuple[str, int]]
) -> None:
    chat = Chat(ENGINE, channel).say("Hi", "2", "daru", "They sell it from a blue house").say("Lanka").say("no")
    versions = {"s3": "They sell it from a blue house"}
    for number, (move, which) in enumerate(moves):
        source = (list(versions) or ["nobody's"])[which % max(1, len(versions))]
        words = f"They bring it every night in pickup {number}"
        if move == "say":
            versions[f"s{len(chat.turns)}"] = words
            chat.say(words)
        elif move == "edit":
            versions |= {source: words} if source in versions else {}
            chat.edit(source, words)
        else:
            versions.pop(source, None)
            chat.revoke(source)
        assert (answer(chat) or "") == "\n".join(versions.values())
        assert all(words in versions.values() for words in str(answer(chat) or "").splitlines())
