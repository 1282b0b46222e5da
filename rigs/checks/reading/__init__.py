"""A recording as the judge reads it: lines become frames, calls, meter readings and telemetry, in
order of time.
"""
