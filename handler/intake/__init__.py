"""What comes in: the payloads of all triggers, read as interfaces and commands."""
