"""Constants that more than one model needs."""

DAY_S = 86_400.0
NOMINAL_V = 230.0  # EN 50160; OCPP 1.6 7.12 reckons watts with it, not with the measured voltage
