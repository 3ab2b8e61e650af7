"""The test kit that ships with Satark: for its own tests and for those of other people's plugins."""
