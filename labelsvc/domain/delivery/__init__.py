"""Delivery of a print job as state machines: facts in, commands out; no socket, no database, no clock."""
