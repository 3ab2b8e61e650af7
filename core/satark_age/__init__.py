"""Files sealed in the format of age; knows nothing of tips."""
