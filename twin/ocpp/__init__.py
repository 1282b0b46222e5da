"""The OCPP agent: frames, RPC, the queue of transaction messages, and non-volatile memory."""
