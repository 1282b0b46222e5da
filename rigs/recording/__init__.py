"""A run directory: `writing` while the run goes on, `reading` at any time after."""
