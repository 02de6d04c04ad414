"""A station: fetches labels from the server and prints them next to the printers, with books of its own on disk.

It needs no database and has no key of any pool; what it prints was rendered by the server.
"""
