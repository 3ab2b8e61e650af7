"""One turn: `loaded_flow` says where a session stands and makes prompts, `context` changes the session and answers.

`submission` makes the tip, and before that the summary that the tipster checks.
"""
