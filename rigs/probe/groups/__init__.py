"""The probes, a file a group: what is asked, how an answer is read, what has to be undone."""
