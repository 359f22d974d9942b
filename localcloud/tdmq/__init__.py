"""TDMQ for CMQ: queues (tdmq 2020-02-17) and the message API at /v2/index.php."""

from localcloud.tdmq.management import API

__all__ = ["API"]
