"""What the judge remembers: the station's history, profiles in force, and the ledger of what was judged."""
