"""The contract of plugins: the types that pass between the host and a plugin, and the hooks that hand them over."""
