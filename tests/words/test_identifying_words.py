"""Words that identify a text's writer are found, so that they can be removed; words about others stay."""

from __future__ import annotations

from satark_words.geography.geography import Geography
from satark_words.reader import Reader
from support.loops import every_row

READER = Reader.shared(Geography.sample())


@every_row(
    "text",
    [
        "I am Sunita", "I'm sunita devi", "main Sunita bol rahi hoon", "main Sunita hoon", "मैं सुनीता हूँ",
        "मैं सुनीता बोल रही हूँ", "mai ramesh bol rha hu", "Sunita bol rahi hun", "mera naam Sunita hai",
        "uski patni hun", "उसकी पत्नी हूँ", "main uska driver hoon", "uska driver hun", "Ramu ka padosi hun",
        "padosan hu", "I am Raju's wife", "I am his neighbour", "हम रमेश बानी", "main Sunita", "मैं सुनीता",
        "this is Farhan", "prarthi Shyam Lal", "भवदीय सुरेश", "likhne wala Kamlesh", "main gaon ka kotedar hun",
        "we are his tenants", "हम लोग उसके किरायेदार हैं", "main uska padosi", "main thane ke paas chai bechta hun",
        "mai 8th class me hu", "my insta is rohit_v9", "humari didi ko tang karte hai",
    ],
)  # fmt: skip
def test_a_writer_who_says_who_they_are_is_found(text: str) -> None:
    assert READER.own_identity(text)
    assert READER.own_identity(f"Ramu ganja bechta hai. {text}")


@every_row("name", ["neighbour Sunita", "padosan Sunita", "पड़ोसन सुनीता", "Sunita, padosi", "Sunita, uncle"])
def test_a_name_with_a_relation_below_a_story_is_its_senders(name: str) -> None:
    for story in ("Ramu ganja bechta hai. ", "Ramu ganja bechta hai\n", "they sell ganja here, "):
        assert READER.own_identity(story + name)
    assert not READER.own_identity(name), "alone it may be the answer to who it is"


@every_row(
    "text",
    [
        "his wife is involved", "uski patni bhi bechti hai", "his neighbour Sunita sells it",
        "uska padosi Mohan bhi hai", "padosan Sunita bechti hai ganja", "neighbour Raju sells ganja",
        "ganja bechta hai padosi Raju ke ghar",
        "I am scared", "I am telling you the truth", "i am writing from the bus", "main pareshan hoon",
        "main bata raha hoon", "main dar gaya hun", "Ramu ki patni hai", "uska driver hai",
        "main Ramu ke ghar ke paas gaya", "murda ghar wale bechte hain, murda ghar wale",
        "they sell ganja here", "he works as his driver", "Raju ke papa daru bechte hain", "uske papa bhi bechte hain",
        "uske bade bhaiya smack bechte hain", "daru bechte hai Raju Yadav, Pappu Singh", "this is a racket",
        "ganja bikta hai - Assi ghat", "they sell it at Lanka here", "this is happening at Lanka",
        "main jaldi me hun", "we are scared", "uski class me ganja bikta hai",
        "Ramesh chai bechta hai", "ek kotedar ration nahi deta", "uske kirayedar daru bechte hain",
        "राजू के पापा शराब बेचते हैं", "wo ladka hai", "Pappu bhaiya satta khelata hai", "ye Lanka hai",
    ],
)  # fmt: skip
def test_nobody_else_is_taken_for_the_sender(text: str) -> None:
    assert READER.own_identity(text) == ()


def test_a_text_of_one_endless_word_is_searched_in_no_time() -> None:
    assert READER.own_identity("a" * 20_000 + "@") == ()


@every_row(
    "text, own",
    [
        ("meri beti Rukhsana ne dekha", "meri beti Rukhsana"), ("my brother Anil saw it", "my brother Anil"),
        ("मेरी बेटी रुखसाना ने देखा", "मेरी बेटी रुखसाना"), ("Rukhsana meri beti ne dekha", "Rukhsana meri beti"),
        ("hamar beta Pintu dekhale", "hamar beta Pintu"),
        ("my brother Dharampal Yadav told me", "my brother Dharampal Yadav"),
        ("my son named Anil saw it", "my son named Anil"), ("meri behen Sunita ko dhamki di", "meri behen Sunita"),
        ("mera bhai bhi gaya tha", "mera bhai"), ("my brother saw Raju", "my brother"),
    ],
)  # fmt: skip
def test_kin_are_found_with_the_name_beside_them(text: str, own: str) -> None:
    found = READER.own_identity(f"{text}. Sonu daru bechta hai")
    assert [f"{text}. "[one.start : one.end] for one in found] == [own]


def test_the_name_of_kin_is_found_anywhere_in_a_text() -> None:
    text = "my brother Dharampal saw it. They beat Dharampal, and Raju sells liquor"
    assert [text[one.start : one.end] for one in READER.own_identity(text)] == ["my brother Dharampal", "Dharampal"]
