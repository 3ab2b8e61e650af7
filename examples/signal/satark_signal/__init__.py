"""Tips over Signal, for Satark."""
