"""Asks a charge point what it can, one thing at a time, and leaves it as it was."""
