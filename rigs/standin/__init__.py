"""The twin in place of the metal: it dials in, and serves the other end of every device of a bench."""
