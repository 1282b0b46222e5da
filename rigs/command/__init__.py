"""The command line: flags, what each command does, and how it tells of it."""
