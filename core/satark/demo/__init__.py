"""The demo: the whole of Satark on one machine, with a pretended WhatsApp and a phone to talk through it."""
