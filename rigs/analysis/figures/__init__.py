"""The figures of a run in matplotlib: one a file, on a page of their own or in an axes that is there."""
