"""Evidence of tips: fetches files from providers, seals the originals, and has `satark_files` make the clean copies.

- `worker` downloads from providers and retries; `pipeline` seals and cleans one file, `stream_sealing` as it arrives.
- `own_voice` and `own_card` decide what of a recording or a contact card may identify the tipster.
- `recognition` drafts what is said in recordings.
"""
