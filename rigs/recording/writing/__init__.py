"""Writes a run directory while the run goes on: frames, events, telemetry, with credentials kept out."""
