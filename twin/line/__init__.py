"""The way to the back office: a link in memory or over a socket, and how time moves with it."""
