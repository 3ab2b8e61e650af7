"""Uploads from browsers: sealed from the first byte on disk, and resumable after a lost connection.

Start with `upload_store.UploadStore`. `tus` and `multipart_form` receive files; `segments` writes them.
"""
