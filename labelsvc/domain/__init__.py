"""The rules, pure: no database, no network, no clock."""
