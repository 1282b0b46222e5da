"""Between a charge point and its back office: every byte passes as it came, and what was said is recorded."""
