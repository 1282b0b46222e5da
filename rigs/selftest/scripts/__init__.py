"""What happens in the small rigs: a script each, an hour or two of a station's life."""
