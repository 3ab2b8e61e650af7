"""Fetches the files of tips from providers, seals the originals, and has `satark_files` make the clean copies.

- `worker` downloads from providers and retries; `pipeline` seals and cleans one file, `stream_sealing` as it arrives.
- `own_voice` decides which recordings may identify the tipster.
- `recognition` drafts what is said in recordings; `voice_listening` has voice notes heard for danger.
"""
