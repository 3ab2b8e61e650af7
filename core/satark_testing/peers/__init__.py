"""A simulated police system (`police`)."""
