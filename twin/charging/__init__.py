"""Charging profiles: taken in, stacked, asked for, and turned into the station's limits."""
