"""A simulated police system (`police`); `faults` scripts the failures of a simulated provider."""
