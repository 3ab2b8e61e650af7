"""SMS and the phone call: the same tip, by numbered text or by keypad and voice."""
