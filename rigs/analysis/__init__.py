"""A run as people look at it: tables, figures, the report page."""
