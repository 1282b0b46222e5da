"""All rows: each number of the judge and its edges."""

from edges import (
    charging,
    device,
    electrical,
    holes,
    instruments,
    log_reading,
    logs,
    metering,
    own_runs,
    reading,
    runs,
    status,
    talking,
    transactions,
    true_values,
    zones,
)

EDGES = (
    *charging.EDGES,
    *device.EDGES,
    *electrical.EDGES,
    *holes.EDGES,
    *instruments.EDGES,
    *log_reading.EDGES,
    *logs.EDGES,
    *metering.EDGES,
    *own_runs.EDGES,
    *reading.EDGES,
    *runs.EDGES,
    *status.EDGES,
    *talking.EDGES,
    *transactions.EDGES,
    *true_values.EDGES,
    *zones.EDGES,
)
