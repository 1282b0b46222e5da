"""Requirements electrical.* and service.*: mode 3, limits, and whether the station serves."""
