"""The regions of Tencent Cloud (doc 213/6091, API v3 common parameters)."""

from __future__ import annotations

HOME = "ap-guangzhou"

_ALL = """
ap-bangkok ap-beijing ap-beijing-fsi ap-changsha-ec ap-chengdu ap-chongqing ap-guangzhou ap-guangzhou-open
ap-hangzhou-ec ap-hongkong ap-jakarta ap-mumbai ap-nanjing ap-qingyuan ap-seoul ap-shanghai ap-shanghai-fsi
ap-shenyang-ec ap-shenzhen-fsi ap-singapore ap-taipei ap-tianjin ap-tokyo ap-wuhan-ec eu-frankfurt me-saudi-arabia
na-ashburn na-siliconvalley na-toronto sa-saopaulo
"""
_WITH_QUEUES = """
ap-bangkok ap-beijing ap-chengdu ap-chongqing ap-guangzhou ap-hongkong ap-nanjing ap-seoul ap-shanghai ap-shanghai-fsi
ap-shenzhen-fsi ap-singapore ap-tokyo eu-frankfurt na-ashburn na-siliconvalley sa-saopaulo
"""
REGIONS = frozenset(_ALL.split())
QUEUES = frozenset(_WITH_QUEUES.split())
"""Those in which TDMQ for CMQ is (the regions of its actions, doc 1179/55901)."""

PUBLIC = tuple(sorted(name for name in REGIONS if not name.endswith(("-ec", "-fsi", "-open"))))
"""Those that any account can have: not edge zones, finance clouds and the like."""
