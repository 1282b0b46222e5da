"""What energy costs and emits by the hour: tariffs and series, read and checked."""
