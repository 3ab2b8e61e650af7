"""A small map of the covered area, drawn from the geography alone: no tiles, and nobody else is asked for anything."""
