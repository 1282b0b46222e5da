"""Reads what a run recorded: frames, telemetry, summary. It imports nothing of ours."""
