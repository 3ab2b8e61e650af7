"""The sent tip: its accused, its summary, and its words that identify the tipster."""

from __future__ import annotations

import pytest

from satark.api.inbound import Tap
from satark.api.tip import Accused
from satark.dialogue.turn.summary import cuts, without
from satark_testing.dialogue.chat import Chat
from satark_words.analysis import Analysis
from satark_words.geography.geography import Geography
from satark_words.reader import Reader
from support.dialogue.walks import at_police
from support.loops import every_row

STORY = "They sell liquor behind the school every night. My name is Ramesh Yadav, call me on 9876543210"


def walk(chat: Chat, story: str = STORY) -> Chat:
    return chat.say("Hi", "2", "daru", story, "Lanka", "no", "skip")


def test_identifying_words_are_shown_before_the_review(chat: Chat) -> None:
    walk(chat)
    assert chat.step == "@identity"
    assert "Ramesh" in chat.text
    assert "9876543210" in chat.text
    assert chat.offered() == ["send", "all", "change"]
    assert "They sell liquor behind the school every night" in chat.text


def test_the_words_of_an_answer_are_read_once(chat: Chat, monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []
    analyse = Reader.analyse

    def noting(reader: Reader, text: str) -> Analysis:
        read.append(text)
        return analyse(reader, text)

    monkeypatch.setattr(Reader, "analyse", noting)
    walk(chat)
    assert chat.step == "@identity"
    assert read.count(STORY) == 1


@pytest.mark.parametrize("events", [("tap",), ("erase them", "send")])
def test_one_tap_sends_the_tip_without_the_identifying_words(chat: Chat, events: tuple[str, ...]) -> None:
    walk(chat)
    for event in events:
        chat.tap("send") if event == "tap" else chat.say(event)
    assert chat.submission is not None
    sent = chat.submission.answers["what"]
    assert "They sell liquor behind the school every night" in sent
    assert "Ramesh" not in sent
    assert "9876543210" not in sent


def test_a_tipster_who_keeps_identifying_words_is_asked_once(chat: Chat) -> None:
    walk(chat).say("leave these words in")
    assert (chat.step, chat.submission) == ("review", None)
    chat.tap("details", "who").say("a man with a scar")
    assert chat.step == "review"
    chat.tap("send")
    assert chat.submission is not None
    assert chat.submission.answers["what"] == STORY


@pytest.mark.parametrize("events", [("tap",), ("2",), ("send with them",), ("इनके साथ भेजो",), ("aise hi bhej do",)])
def test_one_answer_sends_the_tip_with_the_identifying_words(chat: Chat, events: tuple[str, ...]) -> None:
    walk(chat)
    for event in events:
        chat.tap("all") if event == "tap" else chat.say(event)
    assert chat.submission is not None
    assert chat.submission.answers["what"] == STORY


@pytest.mark.parametrize("words", ["leave them in?", "send with them?", "mat bhejo inke saath", "inke saath", "haan"])
def test_no_doubtful_words_send_the_tip_with_the_identifying_words(chat: Chat, words: str) -> None:
    assert walk(chat).say(words).submission is None


def test_later_words_are_asked_about_again(chat: Chat) -> None:
    walk(chat).say("erase these words").tap("details", "who").say("you can ask me, my number is 9123456780").tap("yes")
    assert chat.step == "@identity"
    assert "9123456780" in chat.text
    assert "9876543210" not in chat.text


@pytest.mark.parametrize("words", ["ok", "kya", "don't remove them", "mat hatao", "?"])
def test_no_words_are_removed_or_sent_on_a_guess(chat: Chat, words: str) -> None:
    walk(chat).say(words)
    assert chat.session is not None
    assert chat.session.answers["what"].value == STORY
    assert chat.submission is None


def test_a_story_without_such_words_goes_straight_to_the_review(chat: Chat) -> None:
    assert walk(chat, "Two men sell liquor behind the school, their leader is called Kallu").step == "review"


@pytest.mark.parametrize(
    ("unit", "more", "accused", "promise"),
    [
        ("station", [], Accused(level="station", unit="bhelupur"), "Only the SP and DIG offices"),
        ("outpost", [], Accused(level="outpost", unit="bhelupur"), "Only the SP and DIG offices"),
        ("other_station", ["sigra"], Accused(level="station", unit="sigra"), "Only the SP and DIG offices"),
        ("other_station", ["don't know"], Accused(level="unknown"), "any thana or chowki"),
        ("circle", [], Accused(level="circle"), "not be shown to that office"),
        ("district", [], Accused(level="district", unit="varanasi"), "Only the DIG's office"),
        ("unknown", [], Accused(level="unknown"), "any thana or chowki"),
    ],
)
def test_the_tip_accuses_the_chosen_unit_and_the_promise_names_it(
    chat: Chat, unit: str, more: list[str], accused: Accused, promise: str
) -> None:
    at_police(chat).tap("yes").tap(unit).say(*more)
    assert chat.step == "police_who"
    assert promise in chat.text
    chat.say("skip", "skip").tap("send")
    assert chat.submission is not None
    assert chat.submission.accused == accused


def test_a_named_outpost_is_the_accused(chat: Chat) -> None:
    at_police(chat).tap("yes", "outpost").say("the SI of durgakund chowki", "skip").tap("send")
    assert chat.submission is not None
    assert chat.submission.accused == Accused(level="outpost", unit="bhelupur-durgakund")


@pytest.mark.parametrize("word", ["no", "नहीं", "unknown"])
def test_a_tip_without_police_accuses_nobody(chat: Chat, word: str) -> None:
    at_police(chat).say(word, "skip").tap("send")
    assert chat.submission is not None
    assert chat.submission.accused is None


def test_a_long_answer_is_clipped_in_the_summary_only(chat: Chat) -> None:
    story = "बहुत लंबी बात " * 100
    chat.say("Hi", "1", "daru", story, "Assi", "no", "skip")
    assert len(chat.text) < 1000
    chat.tap("send")
    assert chat.submission is not None
    assert chat.submission.answers["what"] == story.strip()


@pytest.mark.slow("many dialogues")
def test_new_words_at_the_question_about_identifying_words_are_stored(chat: Chat) -> None:
    walk(chat).send("image").pin(25.27, 82.99).say("unka godown Sigra me bhi hai aur wahan bandook rakhte hain")
    assert chat.step == "@identity"
    assert chat.session is not None
    assert len(chat.session.files) == 1
    assert "godown" in chat.session.answers["what"].value


@pytest.mark.parametrize("words", ["erase them", "इन्हें मिटा दो", "inhe mita do"])
def test_words_are_erased_on_their_own_words_and_the_rest_stays(chat: Chat, words: str) -> None:
    walk(chat).say(words)
    assert chat.step == "review"
    assert chat.session is not None
    assert "9876543210" not in str(chat.session.answers["what"].value)


def test_only_shown_words_are_sent(chat: Chat) -> None:
    walk(chat, f"{STORY} {'They come at night and go in the morning. ' * 30}")
    assert chat.offered() == ["remove", "keep", "change"]


def test_an_old_button_sends_only_words_that_it_showed(chat: Chat) -> None:
    walk(chat)
    old = next(choice for choice in chat.prompt.choices if choice.token.split(":")[1] == "send")
    chat.say("keep them").tap("details", "who").say("my address is B-12 Sigra, my number is 9123456780")
    chat.hear(Tap(old.token, old.label))
    assert chat.submission is None


def test_a_tipster_in_danger_is_not_asked_about_identifying_words(chat: Chat) -> None:
    chat.say("Hi", "2", "bachao mera naam Sunita hai makan 14 lanka mobile 9876543210 pati maar raha hai", "Lanka")
    assert chat.step != "@identity"


def left_of(text: str) -> str:
    """Return a text without the words that identify its sender."""
    reader = Reader.shared(Geography.sample())
    analysis = reader.analyse(text)
    return without(text, cuts(analysis, reader.own_identity(analysis)))


@every_row(
    "text, left",
    [
        ("My name is Ramesh Yadav, they dig sand", "they dig sand"),
        ("they dig sand, call me on 9415012345", "they dig sand"),
        ("write to ramesh@example.org please", ""),
        ("His number is 9415012345", "His number is 9415012345"),
        ("They dig sand every night", "They dig sand every night"),
    ],
)
def test_words_that_identify_the_sender_are_found_and_removed(text: str, left: str) -> None:
    assert left_of(text) == left


WHO = [
    "This is Ramesh", "Ramesh here", "Sunita Devi this side", "Sunita speaking", "his wife speaking",
    "her husband here", "yours faithfully Ramesh Yadav", "Regards, Ramesh", "he employs me", "he is married to me",
    "as his employee",
    "being his neighbour", "I work for him", "me and him share a room", "I clean his house", "I rent from him",
    "since I am the only woman there", "I'm his driver and", "I live in the same lane and",
    "ramesh hun", "sunita devi hun", "ramesh bol raha hun", "uski biwi bol rahi hu", "unka driver bol raha hun",
    "ramesh yadav likh raha hu", "uska naukar hun", "unke yahan kaam karta hun", "usne mujhse shadi ki hai",
    "wo mere sath rehta hai", "main usi hostel me rehta hun", "nivedak ramesh yadav", "main wahan ka chowkidar hun",
    "रमेश यादव बोल रहा हूँ", "सुनीता देवी हूँ", "उसकी बीवी बोल रही हूँ", "निवेदक रमेश यादव", "मैं उनका किरायेदार हूँ",
    "वो मेरे साथ रहता है", "उसने मुझसे शादी की है", "मैं उसी हॉस्टल में रहता हूँ",
]  # fmt: skip
"""Clauses that only identify the writer."""
TOLD = ("they sell ganja at Lanka", "lanka me daru bikti hai", "लंका में शराब बिकती है")


@every_row("who", WHO)
def test_a_clause_about_the_sender_is_removed_whole_and_leaves_the_tip(who: str) -> None:
    told = (
        "लंका में शराब बिकती है"
        if who[0] >= "\u0900"
        else "lanka me daru bikti hai"
        if who in WHO[19:]
        else "they sell ganja at Lanka"
    )
    assert left_of(f"{who} {told}" if who.endswith(" and") else f"{who}, {told}") == told
    if not who.startswith(("his wife", "her", "as", "being", "Regards", "Ramesh here", "since")):
        assert left_of(f"{told}. {who.removesuffix(' and')}") in {told, f"{told}."}


@every_row(
    "text, left",
    [
        ("my brother-in-law makes pistols at Lanka", "someone makes pistols at Lanka"),
        ("my boss sells ganja at Lanka", "someone sells ganja at Lanka"),
        ("he sells it with my uncle", "he sells it with someone"),
        ("my brother's shop sells liquor", "a shop sells liquor"),
        ("I met my brother's boss, he sells guns", "I met someone, he sells guns"),
        ("hamara ghar theek samne hai, wahan daru bikti hai", "wahan daru bikti hai"),
        ("jeth mera lanka me satta khelata hai", "koi lanka me satta khelata hai"),
        ("lanka me satta, bagal wala ghar mera hai", "lanka me satta"),
        ("unke ghar me jhadu pocha karti hun, lanka me daru", "lanka me daru"),
        ("uski biwi bol rahi hu lanka me daru bechta hai", "lanka me daru bechta hai"),
        ("this is Sunita Devi Yadav gambling at Lanka", "gambling at Lanka"),
        ("I live at B-21, gambling next door", "gambling next door"),
        ("dad sells guns at Lanka", "someone sells guns at Lanka"),
        ("they sell liquor behind my house", "they sell liquor behind a house"),
        ("opposite our office they gamble", "opposite an office they gamble"),
        ("mere chacha charas bechte hain", "koi charas bechte hain"),
        ("mere bete ne bataya ki lanka me smack bikti hai", "kisi ne bataya ki lanka me smack bikti hai"),
        ("papa daru bechte hai lanka me", "koi daru bechte hai lanka me"),
        ("bade bhaiya lanka me smack bechte hain", "koi lanka me smack bechte hain"),
        ("sasur ji ke ghar me daru banti hai", "kisi ke ghar me daru banti hai"),
        ("wo mera hi ladka hai lanka me smack bechta hai", "wo koi hai lanka me smack bechta hai"),
        ("maalik mera hai lanka me katta bechta hai", "lanka me katta bechta hai"),
        ("mere ghar ke samne daru bikti hai", "kisi ghar ke samne daru bikti hai"),
        ("मेरे चाचा का लड़का हथियार बेचता है", "किसी का लड़का हथियार बेचता है"),
        ("पापा शराब बेचते हैं", "कोई शराब बेचते हैं"),
        ("बड़े भैया को गांजा बेचते हैं", "किसी को गांजा बेचते हैं"),
        ("मेरे घर के पीछे जुआ होता है", "किसी घर के पीछे जुआ होता है"),
        ("my number is 9876543210 gambling at Lanka", "gambling at Lanka"),
        ("lanka me satta 9876543210 par call karo", "lanka me satta"),
        ("gambling at Lanka - Ramesh Yadav, Ward 5", "gambling at Lanka"),
        ("lanka me satta hai, Ramesh Yadav", "lanka me satta hai"),
        ("लंका में जुआ होता है — रमेश यादव", "लंका में जुआ होता है"),
        ("he sells ganja and I am his driver", "he sells ganja"),
        ("usne mujhe bataya ki lanka me katta banta hai", "lanka me katta banta hai"),
    ],
)  # fmt: skip
def test_the_remaining_words_read_as_a_sentence(text: str, left: str) -> None:
    assert left_of(text) == left
