"""One turn under construction: what it knows of flow and session, what it says, and what it makes of the answers.

`context` holds the working state of the turn, `loaded_flow` the flow with its texts and where a session stands in it.
`prompts` makes a prompt of a question, `form_offer` one that opens a form; `summary` and `submission` make the review's
text and the tip of the answers.
"""
