"""Measures the desk's pages and the memory of its opened tips, by the number of tips at a desk."""
