"""Calls inside WhatsApp, carried on this machine. `call_provider` answers them, `call` leads one.

Source: Meta, WhatsApp Business Platform, "Calling API > User-initiated calls" and "Send call button messages".
"""
