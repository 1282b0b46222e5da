"""The table of meter values: parsed from frames once, and kept beside the run."""
