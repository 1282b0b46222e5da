"""Exact questions to a run, each answered with a table."""
