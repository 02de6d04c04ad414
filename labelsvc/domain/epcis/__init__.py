"""EPCIS 2.0 and CBV 2.0 (GS1): events of all five types, read, checked and hashed; pure."""
