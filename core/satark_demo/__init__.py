"""The demo: all of Satark in one process, with simulated providers and a web page of simulated phones at `/simulator`.

Start with `server`, which puts the demo together. `providers` chooses which providers are simulated; `chat` is the base
of the phones' media (`whatsapp`, `telegram`, `twilio`); `simulator` serves the page in `static/`.
"""
