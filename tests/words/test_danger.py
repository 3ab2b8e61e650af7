"""A danger is heard with its numbers, at any place in a text."""

from __future__ import annotations

from pathlib import Path

import pytest

from satark_words.catalogues import Catalogues
from satark_words.danger import SHOWN, groups_of
from satark_words.geography.geography import Geography
from satark_words.reader import Reader
from satark_words.reading import Kind
from support.dialogue.corpus import Utterance, asked_at, read_corpus
from support.dialogue.counting import count_danger, label
from support.loops import every_row

GEOGRAPHY = Geography.sample()

READER = Reader.shared(GEOGRAPHY)

CATALOGUES = Catalogues.of("satark.dialogue")

STEPS = ["category", "what", "place", "station", "police", "police_unit", "evidence", "review", "reach", "cancel"]

ASKED = {step: asked_at(step, GEOGRAPHY, CATALOGUES) for step in STEPS}

STORY = "roz raat me log sharab peete hai aur gaana bajta hai "


def test_a_danger_is_heard_with_its_numbers() -> None:
    life = READER.dangers("he is out on bail and threatening to kill me")
    assert life[0].numbers == ("112",)
    assert "14416" in READER.dangers("मैं मरना चाहती हूँ")[0].numbers
    assert "1098" in READER.dangers("bachche ko peet rahe hai")[0].numbers
    assert {"1090", "181"} <= set(READER.dangers("pati roz marta hai mujhe")[0].numbers)


def test_a_danger_and_a_name_in_the_middle_of_a_long_story_are_heard() -> None:
    text = STORY * 40 + "unhone mere bhai ko jaan se maarne ki dhamki di, mera naam Ramesh Yadav hai, " + STORY * 40
    assert READER.read(text, ASKED["what"]).dangers
    assert "name" in {span.kind for span in READER.own_identity(text)}


HINT = "jis tarah usne meri bhanji ko raat bhar rakha wo ab kaanp rahi hai"
"""A danger told in words that no rule has."""


@every_row("step", ["what", "place", "category", "evidence"])
def test_a_danger_that_no_rule_knows_is_recognised_by_its_letters_and_is_not_sure(step: str) -> None:
    assert [(danger.rule, danger.sure) for danger in READER.dangers(HINT)] == [("letters", False)]
    reading = READER.read(HINT, ASKED[step])
    assert (reading.story, reading.dangers[0].numbers[0]) == (True, "112")


def test_letters_that_suggest_a_danger_do_not_overrule_its_denial() -> None:
    assert READER.dangers(f"{HINT} nothing happened") == ()


@every_row("step", ["review", "cancel", "reach"])
def test_letters_choose_nothing_that_acts(step: str) -> None:
    acting = {option.id for option in ASKED[step].options if option.acts}
    assert READER.read(HINT, ASKED[step]).option not in acting


def test_a_danger_is_sure_only_where_a_rule_and_the_letters_agree() -> None:
    assert [danger.sure for danger in READER.dangers("bachao mujhe maar denge")] == [True]
    assert [danger.sure for danger in READER.dangers("blood bank me khoon bechte h")] == [False]


def test_a_sign_or_a_number_alone_is_no_danger_by_its_letters() -> None:
    assert [text for text in ("112", "👍", "5", "😊", "") if READER.dangers(text)] == []


def test_other_readings_remain_beside_a_danger_that_is_only_shown() -> None:
    reading = READER.read("madad kaise milegi", ASKED["category"])
    assert reading.kind is not Kind.DANGER


def test_groups_of_letters_reach_over_the_ends_of_words() -> None:
    assert {"_ma", "r_d", "ar_de", "eb_"} <= groups_of(["mar", "deb"])


def test_training_separates_cries_for_help_from_goods_in_unseen_texts() -> None:
    cries = ["bachao mujhe maar denge", "mujhe maar rahe hai", "wo maar denge bachao", "bachao wo aa rahe hai"]
    goods = ["katta bechta hai", "sharab bechta hai roz", "ganja bechte hai yaha", "roz ganja aur sharab bikti hai"]
    texts = [("danger", one) for one in cries] * 3 + [("harmless", one) for one in goods] * 3
    labelled = label(Utterance(step, "Latn", ("none",), text, "x_1") for step, text in texts)
    letters = count_danger(labelled, {one.text: READER.analyse(one.text) for one in labelled})
    told, untold = (READER.analyse(one) for one in ("bachao maar rahe hai", "yaha sharab bikti hai"))
    assert letters.logit(groups_of(told.sounds)) > letters.logit(groups_of(untold.sounds)) + 0.2
    assert SHOWN < 0


@every_row(
    "said", ["Munna satta chalata hai", "munna ne 2 katta becha", "mere bhai jua khelte hain", "मेरा भाई जुआ खेलता है"]
)
def test_a_man_called_munna_and_kin_who_gamble_are_no_danger(said: str) -> None:
    assert not READER.dangers(said)


@every_row("said", ["mera munna gayab hai", "हमारा मुन्ना सुबह से गायब है"])
def test_a_child_called_munna_who_is_missing_is_a_danger(said: str) -> None:
    assert READER.dangers(said)


@every_row("said", ["halp", "hlp", "heelp", "HALP", "hepl"])
def test_misspelt_help_is_help(said: str) -> None:
    assert {READER.read(said, ASKED[step]).command for step in ("what", "police", "review")} == {"help"}


CRIES = [
    "he's coming", "they are coming", "shes coming with a rod", "call police now", "come quick", "he is behind me",
    "koi mere peeche hai", "mera pichha kar rahe", "मेरा पीछा कर रहे", "hamra pachhe lagal ba", "wo aa raha hai",
    "वो आ रहा है", "oo log aawat ba", "bacao", "bchao", "बचावऽ", "turant aao", "jaldi ao koi", "maar denge",
    "darwaja tod rhe h", "kewadi todat bade sa", "ghar ke bahar khade hain", "mdd kro",
]  # fmt: skip


@every_row("said", CRIES)
def test_a_short_cry_is_heard(said: str) -> None:
    assert READER.dangers(said)


@every_row("said", ["wo aa raha hai", "he is coming", "people are coming and going", "log aa rahe hai kharidne"])
def test_a_text_that_somebody_comes_is_never_a_sure_danger(said: str) -> None:
    assert not any(danger.sure for danger in READER.dangers(said))


def test_a_sure_rule_counts_before_one_that_is_never_sure() -> None:
    assert any(danger.sure for danger in READER.dangers("wo aa raha hai mujhe maar dega bachao"))


@every_row(
    "said",
    ["uska bhai bhi", "उसका भाई भी", "okar bhai bhi ba", "I am his wife", "main uski patni hu", "my son told me that",
     "mera beta jua khelta hai", "ghar ke peeche daru banti hai", "truck aa raha hai balu leke"],
)  # fmt: skip
def test_kin_houses_and_trucks_are_no_danger(said: str) -> None:
    assert not any(danger.sure for danger in READER.dangers(said))
    assert READER.read(said, ASKED["what"]).kind is not Kind.DANGER


@every_row(
    "said",
    ["gaay ko bachao", "गाय को बचाओ", "gaon ko nashe se bachaiye", "hamari nadi bachaiye", "save our village",
     "gaay band karke rakhte hai godam me"],
)  # fmt: skip
def test_a_person_who_asks_to_save_a_village_or_an_animal_is_in_no_danger(said: str) -> None:
    assert not any(danger.sure for danger in READER.dangers(said))


@every_row("said", ["bachche ko band karke rakha hai", "बच्चे को बंद करके रखा है", "laika ke band kaile ba",
                    "a child is locked in a room"])  # fmt: skip
def test_a_child_who_is_locked_up_is_a_danger_and_no_calf(said: str) -> None:
    assert [danger.kind.value for danger in READER.dangers(said)][:1] == ["child"]
    assert READER.open(said).category != "COW"


def test_few_ordinary_short_details_show_a_helpline() -> None:
    """A third of the list of short details, on which no weights are trained."""
    details = [one.text for one in read_corpus(Path(__file__).parent / "details")]
    shown = [text for text in details if READER.dangers(text)]
    assert len(details) >= 150
    assert len(shown) / len(details) <= 0.02, shown


KILLED = [
    "murder hua hai", "ek admi ka murder ho gaya", "yaha katl ho gaya", "khoon ho gaya hai", "lash mili hai khet me",
    "मर्डर हो गया", "कत्ल हुआ है", "खून हो गया है", "लाश मिली है", "there was a murder", "someone was killed",
    "a dead body", "a man was murdered",
]  # fmt: skip


@every_row("said", KILLED)
def test_a_killing_shows_the_number_of_the_police_and_no_helpline_against_suicide(said: str) -> None:
    assert [(danger.numbers[0], "14416" in danger.numbers) for danger in READER.dangers(said)[:1]] == [("112", False)]


@every_row(
    "said",
    ["gau hatya hoti hai", "pichle saal murder hua tha", "murder case me jail gaya tha", "murder nahi hua",
     "he was acquitted of murder", "I am Sunita", "khoon bechte hai blood bank me"],
)  # fmt: skip
def test_an_old_or_another_killing_is_not_shown_as_one(said: str) -> None:
    assert "killed" not in {danger.rule for danger in READER.dangers(said)}


@every_row(
    "said",
    ["call police", "call the police", "phone the police please", "police bulao", "jaldi police ko bulao",
     "police ko phone karo", "पुलिस बुलाओ", "पुलिस को बुलाइए", "पुलिस को फोन करो", "need police here"],
)  # fmt: skip
def test_a_call_for_the_police_is_a_danger(said: str) -> None:
    assert READER.read(said, ASKED["review"]).kind is Kind.DANGER


@every_row(
    "said",
    ["police bulao to bhag jate hai", "neighbours call the police but they run away", "koi police nahi bulata",
     "अगर पुलिस बुलाओ तो धमकाते नहीं", "they call the police and nobody comes"],
)  # fmt: skip
def test_police_who_are_called_by_others_are_no_call(said: str) -> None:
    assert "call" not in {danger.rule for danger in READER.dangers(said)}


@pytest.mark.slow("a whole corpus")
def test_cries_for_help_show_a_number_and_similar_ordinary_tips_seldom_do() -> None:
    told = list(read_corpus(Path(__file__).parent / "cries"))
    shown = {
        step: [bool(READER.dangers(one.text)) for one in told if one.step == step] for step in ("danger", "harmless")
    }
    assert sum(shown["danger"]) / len(shown["danger"]) >= 0.97
    assert sum(shown["harmless"]) / len(shown["harmless"]) <= 0.07


@every_row(
    "said",
    ["they killed my brother yesterday", "unhone mere bhai ko maar dala kal", "मेरे चाचा को मार डाला",
     "हमार भाई के मुआ देहलस", "he strangled her", "uska gala ghot diya", "पत्नी का गला घोंट दिया", "they shot him dead",
     "bum rakha hai", "station pe bam lagaya hai", "बस अड्डे पर बम रखा है", "a bomb is planted there",
     "bank robbery happening", "dakaiti ho rahi hai", "डकैत घर में घुस आए", "robbers are inside the shop",
     "lutere ghar me ghuse hai abhi"],
)  # fmt: skip
def test_killings_bombs_and_robberies_show_the_number_of_the_police(said: str) -> None:
    assert [danger.numbers[0] for danger in READER.dangers(said)[:1]] == ["112"]


@every_row(
    "said",
    ["हम खेत में लुकाइल बानी, ओह लोग खोजत बाड़ें", "lukail bani gaushala me, khojat ba sab", "हम भागत बानी, पीछे तीन गो आदमी",
     "main school ki chhat par chhupa hu, wo log dhundh rahe hai", "they are chasing us near sarnath",
     "we are hiding in the school toilet and they are looking for us", "i am in the boot of a white car",
     "हम लोग ट्रक के अंदर हैं, बाहर नहीं निकल सकते"],
)  # fmt: skip
def test_who_hides_flees_or_is_carried_off_sees_a_number(said: str) -> None:
    assert READER.dangers(said)


@every_row(
    "said",
    ["wo chhupe hai gaon me, police dhundh rahi hai unko", "they hide liquor in the boot of a car",
     "ट्रक के अंदर गांजा छुपा कर लाते हैं", "पर साल हमरा भाई के मार देले रहे लोग"],
)  # fmt: skip
def test_what_hides_and_who_is_sought_by_the_police_is_no_sure_danger(said: str) -> None:
    assert [danger for danger in READER.dangers(said) if danger.sure] == []


@every_row(
    "said",
    ["bacche ki chori", "baccha chori ho gaya", "बच्चे की चोरी हुई है", "my neighbour's baby was stolen",
     "हमार लइका चोरी हो गइल", "bal vivah", "बाल विवाह हो रहा है", "child marriage tomorrow", "baal vivah hoga kal",
     "नाबालिग की शादी हो रही है", "बाल बियाह होखत बा"],
)  # fmt: skip
def test_stolen_and_married_children_show_the_number_for_children(said: str) -> None:
    assert "1098" in {number for danger in READER.dangers(said) for number in danger.numbers}


@every_row(
    "said",
    ["bacche ki cycle chori ho gayi", "bachche chori karte hai bazaar me", "bum bhole mandir me chanda chori",
     "bal vikas karyalay me rishwat lete hai", "killed the competition by illegal rates", "bomb patakha bechte hai",
     "video hai mere paas baad me dunga", "robbery case ka samaan kharidta hai"],
)  # fmt: skip
def test_texts_that_only_look_like_these_show_none(said: str) -> None:
    assert not READER.dangers(said)


@every_row(
    "said",
    ["अब बरदास नाहीं होत, फँसरी लगा लेब", "हम फंसरी लगा लेइब", "phansari laga leb hum", "fasri lagawe jaat bani",
     "goli kha li maine bahut sari", "दस गोली एक साथ खा ली मैंने", "saari dawai ek sath kha lunga",
     "dawai khake so jaunga hamesha ke liye", "माहुर खा के सुत जाइब", "i took 30 tablets and i am feeling sleepy",
     "i have taken all my sleeping tablets", "poison pi lunga aaj raat ko", "chuhe wali dawa kha lungi",
     "कीटनाशक पी लूँगा", "खेत वाली दवाई पी लेब", "patri pe ja raha hu train aane wali hai", "रेल से कट जाइब",
     "i am going to lie down on the railway track", "khud ko goli maar lunga", "हम अपना के आग लगा लेब"],
)  # fmt: skip
def test_a_text_that_names_a_rope_pills_or_rails_gets_the_suicide_helpline(said: str) -> None:
    assert "14416" in {number for danger in READER.dangers(said) for number in danger.numbers}


@every_row(
    "said",
    ["medical store nashe ki goli bechta hai", "bukhar me dawai kha ke so jata hu", "नशे की गोलियाँ खाते हैं लड़के",
     "shadi me harsh firing karte hai ye log", "they do celebratory firing at weddings",
     "phone aaya otp pucha aur khate se 40 hajar kat gaya", "hospital me dead body dene ka bhi paisa mangte hai",
     "cctv me dikha tha jo chain khichne wala", "पिछली होली में जेकर हत्या भइल रहे ओकर हत्यारा खुला घूमत बा",
     "the boy who stabbed the student last month is here", "railway track se loha chori hota hai"],
)  # fmt: skip
def test_pills_that_are_sold_old_murders_and_wedding_shots_show_no_number(said: str) -> None:
    assert not READER.dangers(said)


SEIZED = [
    "mujhe tempo me baitha ke kahin le ja rahe hain",
    "वो मुझे कार में ले जा रहे हैं पता नहीं कहाँ",
    "they are driving me somewhere in a van i dont know where",
    "हम लोगों का पीछा हो रहा है, काली बोलेरो है",
    "i am being followed by a grey swift since the toll",
    "main almari me chhupi hoon wo sun lega",
    "पलंग के नीचे छुपा हूँ, वो सुन लेगा",
    "in the wardrobe, he will hear me, house beside the temple",
    "wo isi kamre me baitha hai mujhe dar lag raha hai",
    "i cannot speak, he is in the next room",
]


@every_row("said", SEIZED)
def test_who_is_driven_off_chased_or_hides_is_shown_a_number(said: str) -> None:
    assert READER.dangers(said), said


@every_row(
    "said",
    [
        "mere gaon se truck me balu le ja rahe hain",
        "raju palang ke niche daru rakhta hai",
        "the ledger is in the cupboard of his shop",
        "bagal me juaa hota hai roz",
        "they took the cement away in a tractor last month",
        "almari me nakli note rakhe hain",
    ],
)
def test_goods_that_are_driven_off_or_hidden_show_no_number(said: str) -> None:
    assert READER.dangers(said) == (), said


@every_row(
    "said",
    ["बिजली बचाओ योजना का ठेका फर्जी है", '"gaay bachao" abhiyan ke naam pe chanda', "बचाओ नदी अभियान में घोटाला हुआ"],
)
def test_a_scheme_that_is_called_save_is_no_cry(said: str) -> None:
    assert not any(danger.sure for danger in READER.dangers(said)), said


@every_row("said", ["bachao, yojana wale mujhe maar rahe hain", "बचाओ बचाओ", "yojana ka paisa manga, bachao mujhe"])
def test_a_cry_beside_the_name_of_a_scheme_is_shown_a_number(said: str) -> None:
    assert READER.dangers(said), said
