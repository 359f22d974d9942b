"""`make soak`: a hundred thousand events while calls fail and processes are killed, and every promise checked.

python -m soak [--events N] [--seed N]
"""
