"""Requirements frame.*, rpc.*, connection.*, boot.* and heartbeat.*: the conversation itself."""
