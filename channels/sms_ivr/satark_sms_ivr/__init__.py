"""The channels SMS and voice: a tipster answers the same questions by text message, or by keypad and voice."""
