"""What serves all services: the door, signatures, parameters, limits, faults, the clock, the account's state."""
