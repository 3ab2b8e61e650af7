"""Evidence from a browser: sealed from its first byte on disk, and resumed where the connection broke off."""
