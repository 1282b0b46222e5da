"""Anybody's log, from bytes to frames: what a line holds, who sent it, when, and which station it is of."""
