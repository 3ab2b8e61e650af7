"""The torture run: tips to broken destinations, while workers are killed. `make torture`."""
