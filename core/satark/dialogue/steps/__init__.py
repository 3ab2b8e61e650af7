"""Step types: how each kind of question is asked, and how an event is read as its answer.

Start with `contract`, which a plugin's step type follows too. The core's own are `answer_steps` (text, number, date,
place), `choice_steps` (one, several, yes or no) and `structure_steps` (said in passing, files, review, submit), all in
`built_in`. `conditions` is the language of `when`; `option_matching` finds the option that typed words mean.
"""
