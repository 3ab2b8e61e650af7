"""An analysis marks what single words do not say: who is described, how old a child is."""

from __future__ import annotations

from satark_words.analysis import Analysis
from satark_words.danger import BY_LETTERS
from satark_words.geography.geography import Geography
from satark_words.reader import Reader
from support.loops import every_row

GEOGRAPHY = Geography.sample()

READER = Reader.shared(GEOGRAPHY)


@every_row(
    "text, coming",
    [("लूट करने वाले गिरोह का अड्डा है", False), ("chori karne wale ladke yahan baithte hain", False),
     ("वे लूट करने वाले हैं", True), ("wo log aaj raat loot karne wale", True), ("hone wali shadi me daru", True)],
)  # fmt: skip
def test_people_named_by_what_they_do_are_no_plan(text: str, coming: bool) -> None:  # noqa: FBT001
    """ "Loot karne wale" before a noun are robbers; before "hain" they are about to rob."""
    assert Analysis(text, READER.lexicon).has("time.coming", "opt.when.coming") is coming


@every_row(
    "text, heard",
    [("13 saal ki ladki ki shadi kal hai", True), ("१४ साल की लड़की का ब्याह", True),
     ("13 saal se juye ka adda hai", False), ("25 saal ki ladki ki shadi hai", False)],
)  # fmt: skip
def test_an_age_makes_a_child(text: str, heard: bool) -> None:  # noqa: FBT001
    assert ("child" in {danger.kind for danger in READER.dangers(text) if danger.rule != BY_LETTERS}) is heard
