"""The commands of `eni-flowlog`, a module each."""
