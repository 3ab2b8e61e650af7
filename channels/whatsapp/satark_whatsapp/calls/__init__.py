"""Calls inside WhatsApp, carried on this machine. `carrier` answers calls, `call` leads one, `media` has its sound.

Source: Meta, WhatsApp Business Platform, "Calling API > User-initiated calls" and "Send call button messages".
"""
