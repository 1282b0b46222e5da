"""Requirements status.*: what StatusNotification tells, against the table of 4.9 and against what was
there.
"""
