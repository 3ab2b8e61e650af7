"""Old Word, Excel and PowerPoint files (OLE2): shows their text and pictures; nothing else of them passes.

- `compound_file` reads the streams of the container; `word`, `excel` and `powerpoint` the text of each program's own.
- `pictures` finds the pictures in a stream; `scrubber` makes the clean copy.

Nothing here is more than a document's visible text needs: no macro, object, comment, header or property is read.
"""
