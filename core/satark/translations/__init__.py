"""Translations: the languages beside Hindi and English, a folder each; `satark_words.languages` describes a folder."""
