"""Translations: the languages beside Hindi and English, a folder each; `satark.languages` says what is in one."""
