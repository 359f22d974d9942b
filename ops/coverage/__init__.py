"""The answer: a line for each interface, and what a person sees of them."""
