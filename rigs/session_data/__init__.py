"""Other people's charging sessions: read from their formats, row by row, and fitted for drawing more."""
