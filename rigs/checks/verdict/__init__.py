"""From checks to a verdict: the catalogue, the one pass over a recording, and how it is shown."""
