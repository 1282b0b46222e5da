"""Who charges: cards and cables, transactions, and the meter values told of them."""
