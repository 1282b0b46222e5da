"""Which firmware the twin is, as data: sheet rows, configuration keys, policies, behaviours."""
