"""Units: what an event does to a thing that carries a serial, and what may not be done to it; pure."""
