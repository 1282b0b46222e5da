"""What stands on a bench around a real charge point: roles, drivers, and the way to leave it dead."""
