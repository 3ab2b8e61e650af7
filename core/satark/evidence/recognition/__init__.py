"""Speech recognition: drafts of transcripts by sherpa-onnx, on this machine, in a process of its own.

The desk uses `recogniser`; `worker` is the process; `model` finds and loads the model of a folder.
"""
