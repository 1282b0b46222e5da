"""Is the judge sharp? Small rigs, bugs seeded into the twin one by one, and which check catches each."""
