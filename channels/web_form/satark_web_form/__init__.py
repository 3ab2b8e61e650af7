"""The channel `web_form`, on which a tipster can be anonymous: the form at `/` and the mailbox at `/status`.

Start with `app.py`, which has the routes; `site.py` has what all pages share. `uploads` stores files, `proof_of_work`
limits automated requests, and `map` draws the area.
"""
