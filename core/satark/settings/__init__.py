"""Settings: the values in `satark.toml` and the environment, by section. Each setting has a default and limits."""
