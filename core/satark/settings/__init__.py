"""Settings: what `satark.toml` and the environment say, section by section, each with its default and its limits."""
