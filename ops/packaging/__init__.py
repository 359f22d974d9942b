"""The package that is deployed, and the dependencies in it."""
