"""What more than one model needs, and the twin."""

DAY_S = 86_400.0
NOMINAL_V = 230.0  # EN 50160; OCPP 1.6 7.12 reckons watts with it, not with the measured voltage
# `made(Kind, values)`, a value for each field: what a NamedTuple's own call does, in half of its time.
made = tuple.__new__
