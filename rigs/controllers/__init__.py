"""Who may charge how fast, decided every few minutes: what a controller sees, and those that are shipped."""
