"""The controller, which runs without any OCPP: mode 3, limits, sharing, phases, status."""
