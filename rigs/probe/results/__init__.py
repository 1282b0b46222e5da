"""What the probes found, told: the sheet, its differences, a behaviour for the twin, two probes compared."""
