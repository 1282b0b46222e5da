"""All rows: each number of the judge and its edges."""

from edges import electrical, status, transactions

EDGES = (*electrical.EDGES, *status.EDGES, *transactions.EDGES)
