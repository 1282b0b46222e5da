"""How fast it is, measured beside others: the stock library, ACN-Sim, a bare socket."""
