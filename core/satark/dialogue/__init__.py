"""The dialogue: the questionnaire as data and the pure engine that walks it. It does no I/O."""
