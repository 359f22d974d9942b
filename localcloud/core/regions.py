"""The regions of Tencent Cloud (doc 213/6091, API v3 common parameters)."""

from __future__ import annotations

HOME = "ap-guangzhou"

REGIONS = frozenset(
    {
        "ap-bangkok",
        "ap-beijing",
        "ap-beijing-fsi",
        "ap-changsha-ec",
        "ap-chengdu",
        "ap-chongqing",
        "ap-guangzhou",
        "ap-guangzhou-open",
        "ap-hangzhou-ec",
        "ap-hongkong",
        "ap-jakarta",
        "ap-mumbai",
        "ap-nanjing",
        "ap-qingyuan",
        "ap-seoul",
        "ap-shanghai",
        "ap-shanghai-fsi",
        "ap-shenyang-ec",
        "ap-shenzhen-fsi",
        "ap-singapore",
        "ap-taipei",
        "ap-tianjin",
        "ap-tokyo",
        "ap-wuhan-ec",
        "eu-frankfurt",
        "me-saudi-arabia",
        "na-ashburn",
        "na-siliconvalley",
        "na-toronto",
        "sa-saopaulo",
    }
)

PUBLIC = tuple(sorted(name for name in REGIONS if not name.endswith(("-ec", "-fsi", "-open"))))
"""Those that any account can have: not edge zones, finance clouds and the like."""
