"""Cleans old Word, Excel and PowerPoint files (OLE2): keeps their text and pictures, and nothing else.

- `compound_file` reads the streams of the container; `word`, `excel` and `powerpoint` read their program's text.
- `scrubber` finds the pictures in a stream and makes the clean copy.

These modules read only what the visible text needs: no macro, object, comment, header or property.
"""
