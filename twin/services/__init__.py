"""What the device does beside charging: firmware, diagnostics, availability, restarts, statuses told."""
