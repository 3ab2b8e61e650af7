"""`make bench`: Satark's WhatsApp turns beside a bare bot that only checks, stores and answers, in the same run.

A closed loop: each virtual citizen has one signed webhook under way at a time and answers what the bot sends, through a
stub of Meta's Graph API. One process plays all citizens and the stub, so that two cores suffice.
"""
