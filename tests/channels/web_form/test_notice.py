"""The form says, before the first word is typed, what the internet provider can see."""

from __future__ import annotations

from support.form.citizen import FormCitizen


async def test_the_first_page_with_a_question_says_what_the_internet_company_can_see(citizen: FormCitizen) -> None:
    await citizen.begin()
    assert "your internet company knows that you opened this site, but cannot read what you write" in citizen.page.text
