"""A folder that stands for a bare Debian machine: the lines of a guide are typed there, and its units run."""
