"""A small map of the covered area, drawn from the geography alone, without requests to a map service."""
