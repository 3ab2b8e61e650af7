"""The dialogue: the questionnaire as data, and the engine that leads a session through it. It does no I/O.

Start with `engine` (what ingest calls) and `session` (the input and output). An event passes through these packages, in
this order: `events` (what kind of event is it?), `states` (what does it mean in the session's state?), `steps` (is it
an answer?) and `turn` (what is said and asked next?). `flow` reads and checks the questionnaire, `rendering` fits a
prompt to a medium or shows everything as a form, `texts` holds the words, one catalogue a language.
"""
