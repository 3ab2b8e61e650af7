"""Step types: how each kind of question is asked, and how an event is read as its answer.

A step type, a plugin's too, implements `satark.api.flow.StepType`. The core's own are in `answer_steps` (text, number,
date, place), `choice_steps` (one, several, yes or no) and `structure_steps` (texts without a question, files, review,
submit).
"""
