"""Quiet stretches: what is told while only time passes, rendered at once; stepping is the reference."""
