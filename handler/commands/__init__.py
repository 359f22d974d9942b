"""What a person or a timer asks for: backfill, status, redrive, sweep. Loaded only when called for."""
