"""`make bench`: what the function costs, measured beside its peers in the same run.

    python -m bench [--quick] [--only NAME ...] [--markdown FILE]

Every figure stands beside a peer that ran in turn with it, on the same machine and in the same minute: the ratios hold
on a busy machine, the milliseconds only on an idle one. docs/performance.md says what each figure means.
"""
