"""The compared form of a text's words: their consonants, so that both scripts and most spellings are alike."""

import re
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Set as AbstractSet
from typing import Final

from satark.casework.search import skeleton_of, sound_of, words_in

NEAR: Final = 0.55
"""Smallest share of common words of two near-identical texts."""
COPIED: Final = 0.95
"""The same limit for two texts that share mostly frequent words, as in a flood."""
TELLING: Final = 4
"""Smallest number of telling words that two near-identical texts share."""
_LEAST_CONSONANTS: Final = 3
_COMMON_WEIGHT: Final = 0.1


def _rules(*rules: tuple[str, str]) -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(pattern), by) for pattern, by in rules)


_LATIN: Final = _rules(
    ("ck", "k"), ("sch", "sk"), ("c(?=[eiy])", "s"), ("c(?!h)", "k"), ("m(?=[pb])", "n"),
    ("(?<=..[^e]e|..[^o]o)n$", ""),
)  # fmt: skip
_DEVANAGARI: Final = _rules(("ं$", ""), ("ॉ", "ो"), ("ऑ", "ओ"))
"""Spellings that differ between the two scripts: the English `c`, a nasal before `p`, a nasal at the end of a word."""
_SOUNDS: Final = _rules(
    ("(?<=[aeiou])y(?=[aeiou])", ""), ("ai", "e"), ("au", "o"), ("(?<=[eiou])a$", ""),
    ("(?<=[aeiou][^aeiou])a(?=[^aeiou](?:[aeiou]|$))", ""), (r"(.)\1+", r"\1"),
)  # fmt: skip
"""Drops a `y` between vowels, and the `a` that Devanagari writes and nobody speaks; joins doubled letters."""
_EMPTY: Final = """
है हैं था थे थी हो होता होती रहा रही रहे गया गई जा कर करता करते करती करें करो किया का की के को में मैं पर से ने तक भी
ही तो और या एक यह ये वह वे वो इस उस इन उन इसे उसे जो कि क्या कोई कुछ सब सभी यहाँ वहाँ यहां वहां जहां अभी अब तब जब बहुत
वाला वाली वाले लोग आदमी आप हम मेरे हमारे मेरा हमारा अपने नहीं न hai hain tha the thi ho hota hoti raha rahi rahe gaya
gayi ja kar karta karte karti karen karo kiya ka ki ke ko me mein main par pe se ne tak bhi hi to aur ya ek yah ye yeh
wah wo woh is us in un ise use jo kya koi kuch kuchh sab yahan wahan abhi ab tab jab bahut wala wali wale log aadmi
aap ham hum mere hamare mera hamara apne nahi na a an and are as at be been being by for from has have he her his i it
its of on or she some that their them then there they this was we were who will with you your our my not no any
"""
"""Words that say nothing by themselves."""
_STOCK: Final = """
कृपया कार्रवाई कार्यवाही जल्द तुरंत पुलिस थाना रात दिन शाम सुबह रोज़ रोजाना हर गांव गाँव घर दुकान पास पीछे सामने
मोहल्ले इलाके क्षेत्र अवैध बिक रही बेच बेचता शराब कच्ची नशा गांजा स्मैक जुआ सट्टा हथियार तमंचा गाड़ी गाड़ियां नंबर नाम
महिला लड़की लड़के बच्चे परेशान मदद सूचना जानकारी खबर काम धंधा कारोबार चल समय बजे पैसे kripya karrwai karwai karyawahi
jald turant police thana raat din sham subah roz rojana har gaon ghar dukan pas paas piche samne mohalle ilake kshetra
avaidh awaidh bik rahi bech bechta sharab daru kachchi nasha ganja smack jua satta hathiyar katta tamancha gaadi gadi
number nam naam mahila ladki ladke bachche pareshan madad suchna jankari khabar kam kaam dhandha karobar chal samay
baje paise please action take soon station night day evening morning daily every village house shop near behind front
area illegal illegally selling sell sold liquor country drugs gambling weapons weapon gun vehicle car bike name woman
girl boys children trouble help information people business going time money
"""
"""Words that many tips have in common, so that sharing them says little."""


def words_of(texts: Iterable[str]) -> frozenset[str]:
    """Return the words of texts in their compared form, without words that say nothing."""
    words = (as_compared(folded) for text in texts for folded in words_in(text))
    return frozenset(word for word in words if word and word not in EMPTY)


def as_compared(folded: str) -> str:
    """Return the compared form of a folded word: a number itself, a word's consonants, a short word's sound."""
    if any(char.isdigit() for char in folded):
        return folded
    spelt = folded
    for pattern, by in _LATIN if folded.isascii() else _DEVANAGARI:
        spelt = pattern.sub(by, spelt)
    skeleton = skeleton_of(spelt)
    if len(skeleton) >= _LEAST_CONSONANTS:
        return skeleton
    sound = sound_of(spelt)
    for pattern, by in _SOUNDS:
        sound = pattern.sub(by, sound)
    return sound


def likeness(one: AbstractSet[str], other: AbstractSet[str], is_common: Callable[[str], bool]) -> tuple[float, float]:
    """Return the share (0 to 1) and the number of the words that both texts have. Frequent words count less."""
    shared, every = (sum(_COMMON_WEIGHT if is_common(w) else 1 for w in words) for words in (one & other, one | other))
    return (shared / every if every else 0), shared


def telling(words: AbstractSet[str]) -> float:
    """Count the telling words. A word that many tips have counts as a tenth."""
    return sum(_COMMON_WEIGHT if word in STOCK else 1 for word in words)


def _table(text: str) -> Iterator[str]:
    return (as_compared(folded) for folded in words_in(text))


EMPTY: Final = frozenset(_table(_EMPTY))
STOCK: Final = frozenset(_table(_STOCK)) - EMPTY
