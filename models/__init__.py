"""The electrical world: supply, control pilot, cable, power path, vehicle and battery, heat, kWh meter."""
