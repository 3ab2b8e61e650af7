"""Proof of work: limits how often anybody can submit tips or try receipt codes.

Start with `proof_of_work.ProofOfWork`. A browser without JavaScript waits instead, with a delay ticket.
"""
