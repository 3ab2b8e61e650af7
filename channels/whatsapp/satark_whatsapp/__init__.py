"""WhatsApp for Satark, over Meta's Cloud API."""
