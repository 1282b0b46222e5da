"""All rows: each number of the judge and its edges."""

from edges import charging, device, electrical, instruments, metering, reading, status, transactions

EDGES = (
    *charging.EDGES,
    *device.EDGES,
    *electrical.EDGES,
    *instruments.EDGES,
    *metering.EDGES,
    *reading.EDGES,
    *status.EDGES,
    *transactions.EDGES,
)
