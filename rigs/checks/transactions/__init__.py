"""Requirements transaction.*, card.*, authorisation.* and list.*: who charges, from when to when."""
