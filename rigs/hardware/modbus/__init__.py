"""Modbus: register maps as data, one for reading and serving; kWh meters read, and one that we serve."""
