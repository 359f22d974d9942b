"""What the ids alone weigh: those of all interfaces, of the covered ones, and the pairs of the missing ones."""

from __future__ import annotations

from bench.programs import common


def _main() -> None:
    number = common.work()["number"]
    vpc_id = "vpc-pq9vxykj"
    seen = {f"eni-{index:08d}" for index in range(number)}
    covered = {f"eni-{index:08d}" for index in range(number // 2)}
    missing = sorted((interface_id, vpc_id) for interface_id in seen if interface_id not in covered)
    common.say(missing=len(missing))


_main()
