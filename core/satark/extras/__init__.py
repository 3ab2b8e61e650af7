"""The extras of Satark's own distribution: what they bring, and what is said where one is not installed."""
