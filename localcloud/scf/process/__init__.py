"""What runs a function: its processes, and the code inside them."""
