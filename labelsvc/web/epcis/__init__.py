"""/epcis: the REST bindings of EPCIS 2.0, for other companies' systems."""
