"""Signed calls to the cloud: one way to send, retry and pace them."""
