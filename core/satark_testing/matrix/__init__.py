"""Drivers, which carry out a tipster's answers on any medium.

A driver acts as a person would: it taps a row, sends its number, presses a key or speaks.
"""
