"""Speech recognition: drafts of transcripts by sherpa-onnx, on this machine, in a process of its own.

`recogniser` is the desk's side, `worker` the process, `model` what a folder must hold.
"""
