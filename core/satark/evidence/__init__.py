"""Evidence: fetches the files of tips, seals each as received, and makes a clean copy without its maker's metadata.

- `worker` downloads from providers and retries; `pipeline` seals and cleans one file.
- `scrubbers` lists the built-in scrubbers: `images`, `recordings`, `documents`. Their contract is `satark.scrubber`.
- `sandbox` runs a scrubber in a process of its own; `working_copies` checks and seals what comes out.
- `sniff` names a file's type by its content; `origin` reads where and when it was taken; `preview` makes thumbnails.
- `records` opens the sealed records of a tip's files; `own_card` recognises the sender's own contact card.
- `own_voice` says which recordings count as the tipster's own voice, and which desks may hear them.

Start with `pipeline.process_file`.
"""
