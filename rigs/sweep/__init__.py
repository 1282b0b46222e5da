"""One rig many times over: keys, seeds and behaviours varied, a row of results a run."""
