"""What ZPL printers say: bytes in, facts out; no socket, no clock.

`status` knows ~HS and ~HI, `faults` ~HQES and zpl.system_status, `settings` the SGD and JSON forms, `echoes` ^HV, and
`reading` makes one look at a printer of them.
"""
