"""How long a station and its cars take to follow a change of what they may, as mode 3 has it."""

PILOT_S = 5.1  # the duty may change every 5 s, and a hair: IEC 61851-1, as EVerest's Charger.hpp quotes it
CARS_FOLLOW_S = 20.0  # assumed: the pilot's 5 s, the car's 5 s, and again for who goes up
SWITCH_S = 60.0  # assumed: the car lets go, the pause, the relays
DWELL_S = 600.0  # EVerest's EnergyManager manifest: back to three phases only after so long; assumed
ROW_HAIR_S = 0.05  # instants are written to the millisecond and rows share them
