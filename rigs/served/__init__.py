"""A back office for real charge points that dial in: sockets, conversations, an operator's hands."""
