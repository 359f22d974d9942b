"""What flow logs to come will cost: measured, times a price table that can be replaced, and never invented."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from localcloud.core import faults
from ops.coverage.cost import TABLE, read_prices
from ops.errors import Exit, OperatorError
from tests.support.operator import words

if TYPE_CHECKING:
    from pathlib import Path

    from localcloud import LocalCloud
    from tests.support.operator import Operator

HOME = "ap-guangzhou"
DAY_S = 24 * 3600
PLAN = ("backfill", "--region", HOME, "--dry-run")


def interface(cloud: LocalCloud) -> str:
    """The interface of a new instance."""
    return cloud.primary_interface_of(HOME, cloud.seed_instance(HOME, "S5.SMALL1"))


def a_day_of_traffic(cloud: LocalCloud, topic: str) -> None:
    """One interface delivers for a day; two more have no flow log."""
    there, _, _ = (interface(cloud) for _ in range(3))
    cloud.seed_flow_log(HOME, there, topic_id=topic)
    for _ in range(24):
        cloud.send_traffic(HOME, there)
        cloud.clock.advance(DAY_S / 24)


def table(tmp_path: Path, **prices: object) -> str:
    group = {"regions": [HOME], "write": 0, "index": {"hot": 0, "cold": 0}, "storage": {"hot": 0, "cold": 0}, **prices}
    file = tmp_path / "prices.json"
    file.write_text(json.dumps({"source": "our contract", "date": "2026-11-01", "currency": "CNY", "groups": [group]}))
    return str(file)


def test_measured_and_priced(cloud: LocalCloud, operator: Operator, topic: str, tmp_path: Path) -> None:
    """Twice what one interface wrote and indexed within the last day, by the table that was given, with its origin."""
    a_day_of_traffic(cloud, topic)
    million = 1024 * 1_000_000.0  # a price a MB, in millions, so that small figures show
    said = words(operator(*PLAN, "--prices", table(tmp_path, index={"hot": million, "cold": 0})).stdout)
    assert f"2 flow logs more to topic {topic}: about" in said
    assert "for each of 1 interface" in said
    assert "prices of 2026-11-01, our contract" in said
    indexed = float(said.split(" MB indexed")[0].rpartition(" ")[2])
    price = float(said.split("about ")[-1].split(" CNY")[0].replace(",", ""))
    assert price == pytest.approx(2 * indexed * 1_000_000, rel=0.01)
    assert indexed > 0


def test_the_projects_own_table_names_its_source_and_date(cloud: LocalCloud, operator: Operator, topic: str) -> None:
    """Without --prices: the documented list, in USD."""
    a_day_of_traffic(cloud, topic)
    assert "USD a day" in (said := words(operator(*PLAN).stdout))
    assert f"prices of {json.loads(TABLE.read_text('utf-8'))['date']}" in said


def test_unknown_where_nothing_was_measured(cloud: LocalCloud, operator: Operator, topic: str) -> None:
    """No interface delivers there yet: no figure is invented."""
    for _ in range(3):
        interface(cloud)
    said = words(operator(*PLAN).stdout)
    assert f"3 flow logs more to topic {topic}: the cost is unknown yet, because no interface delivers there" in said
    assert "USD" not in said


def test_unknown_where_it_may_not_be_measured(cloud: LocalCloud, operator: Operator, topic: str) -> None:
    """A refusal is said with its code, and the plan goes on."""
    a_day_of_traffic(cloud, topic)
    cloud.faults.add("GetMonitorData", faults.error("UnauthorizedOperation"))
    result = operator(*PLAN)
    assert result.exit_code == Exit.OK
    assert "could not be measured (UnauthorizedOperation)" in words(result.stdout)


def test_no_price_for_the_region(cloud: LocalCloud, operator: Operator, topic: str, tmp_path: Path) -> None:
    """What was measured is said all the same."""
    a_day_of_traffic(cloud, topic)
    said = words(operator(*PLAN, "--prices", table(tmp_path, regions=["eu-frankfurt"])).stdout)
    assert f"no price is known for {HOME}: give a table with --prices (measured:" in said


@pytest.mark.parametrize("text", ["", "[]", '{"groups": [{"regions": ["ap-guangzhou"]}]}'])
def test_a_table_of_another_form(tmp_path: Path, text: str) -> None:
    """One sentence that names the file and the form."""
    file = tmp_path / "prices.json"
    file.write_text(text)
    with pytest.raises(OperatorError, match=r"prices\.json is no price table .* give it the form of prices\.json"):
        read_prices(file)


def test_storage_counts_for_as_long_as_it_is_kept() -> None:
    """The storage of each day's logs and index, times the days that lie there."""
    prices = read_prices()
    without, kept = (prices.a_day(HOME, 1, 2, days, "hot") for days in (0, 30))
    assert without == pytest.approx(0.032 + 2 * 0.062)
    assert kept - without == pytest.approx(3 * 30 * 0.0024)
