"""Uploads from browsers. No byte is on the disk unsealed, and an upload can be resumed after a lost connection.

Start with `upload_store.UploadStore`. `tus` and `multipart_form` receive files; `segments` writes them.
"""
