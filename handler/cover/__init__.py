"""An interface to its outcome: what the rules say, whether it is there, and its flow log."""
