"""Plays the same scenario on every medium, so that tests can compare the tips.

A scenario (`scenario`) lists the expected questions and their answers in terms of the flow, independent of the medium.
A driver (`drivers`) carries out the answers on one medium, as a person would: it taps a row, sends its number, presses
a key or speaks. `player` has a driver go through a scenario.
"""
