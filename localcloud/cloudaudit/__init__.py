"""CloudAudit: the record of each write call."""
