"""Fetches the files of tips from providers, seals the originals, and has `satark_files` make the clean copies.

- `worker` downloads from providers and retries; `pipeline` seals and cleans one file, `stream_sealing` as it arrives.
- `own_voice` decides which recordings may identify the tipster.
- `recognition` drafts transcripts of recordings; `voice_listening` searches voice notes for danger.
"""
