"""Weblink: printers dial in over WebSockets with TLS, and are printed on through that.

The main connection tells who dials in and takes the orders to open a channel; each channel is a connection of its own,
whose first frame says what it is. `websocket` is the connection, `messages` what is said on it (no socket there),
`callers` who has dialled in, `listener` where they dial to.
"""
