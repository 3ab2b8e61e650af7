"""How the dialogue is shown.

`fit` cuts a prompt to what a medium can show, `form_view` shows the whole questionnaire as a form, and `every_prompt`
lists all that a flow can ever say.
"""
