"""A folder that simulates a bare Debian machine: a test types the commands of a guide there, and runs its units."""
