"""The twin lives through a real charger's recording; how far the two are apart, quantity by quantity."""
