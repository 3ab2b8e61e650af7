"""A map of tips as GeoJSON, for Satark."""
