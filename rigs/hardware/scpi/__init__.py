"""SCPI: loads, AC sources and power analysers; what each wants to be told is data."""
