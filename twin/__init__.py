"""The device: the EVC5's clock, controller, OCPP agent, memory and links."""
