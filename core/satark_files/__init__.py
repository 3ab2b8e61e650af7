"""Makes clean copies of files: recognises a file by its content and writes it anew without traces of its maker.

- `sniff` names a file's type; `scrubbers` lists the cleaners: `images`, `recordings`, `documents`.
- `sandbox` runs a cleaner in a process of its own, without network and without the machine's files.
- `origin` reads where and when a picture was taken; `preview` makes thumbnails.

Nothing here knows of tips, keys or databases.
"""
