"""`make bench`: measures Satark's WhatsApp turns against a minimal bot in the same run.

The minimal bot (`floor`) only checks the signature, stores the message and replies. The load is a closed loop: each
virtual citizen has one webhook in flight and answers the bot's reply. One process runs all citizens and a stub of
Meta's Graph API, so that two cores are enough.
"""
