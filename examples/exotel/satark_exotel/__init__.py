"""Text messages over Exotel, for Satark."""
