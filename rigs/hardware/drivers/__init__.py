"""The drivers: each speaks to one kind of device, and plays the roles that its class has the verbs of."""
