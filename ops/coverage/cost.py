"""What the flow logs to come will cost in CLS: measured on those that are there, times a price table; never guessed."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from pathlib import Path
from typing import TYPE_CHECKING, Any

from handler.errors import CloudError
from handler.model import State
from ops.console import counted
from ops.coverage import metric
from ops.deployment import topic
from ops.errors import OperatorError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from handler.commands.inventory import Found
    from handler.commands.survey import Survey
    from handler.settings import Settings
    from ops.deployment.cloud import Cloud

TABLE = Path(__file__).parents[1] / "data" / "prices.json"
_DAY = timedelta(days=1)
FOR_EVER = 3640
"""The retention, in days, by which a topic keeps its logs for ever (CreateTopic's Period, doc 614/56456)."""
CENT = 0.01
_MB_PER_GB = 1024


@dataclass(frozen=True)
class Prices:
    """A price table: for each region its prices per GB, those of storage per GB and day."""

    currency: str
    origin: str
    by_region: Mapping[str, Mapping[str, Any]]

    def a_day(self, region: str, written: float, indexed: float, days: int, storage: str) -> float:
        """The price of a day whose logs are kept for some days, once so many days lie there.

        Args:
            region: the topic's.
            written: GB written a day, compressed.
            indexed: GB indexed a day, raw.
            days: the topic's retention.
            storage: the topic's storage class, hot or cold.

        Raises:
            KeyError: the table has no such region or storage class.
        """
        prices = self.by_region[region]
        stored = (written + indexed) * days * float(prices["storage"][storage])
        return written * float(prices["write"]) + indexed * float(prices["index"][storage]) + stored


def read_prices(file: Path | None = None) -> Prices:
    """Read a price table of the form of ops/data/prices.json, by default that one.

    Raises:
        OperatorError: the file cannot be read, or has another form.
    """
    path = file or TABLE
    try:
        table = json.loads(path.read_text("utf-8"))
        by_region = {region: group for group in table["groups"] for region in group["regions"]}
        prices = Prices(str(table["currency"]), f"prices of {table['date']}, {table['source']}", by_region)
        for region in by_region:
            for storage in ("hot", "cold"):
                prices.a_day(region, 1, 1, 1, storage)
    except OSError as error:
        raise OperatorError(f"{path} cannot be read ({error.strerror}): name a price table with --prices.") from None
    except (ValueError, KeyError, TypeError) as error:
        problem = f"{type(error).__name__}: {error}"
        raise OperatorError(f"{path} is no price table ({problem}): give it the form of {TABLE.name}.") from None
    return prices


def estimate(cloud: Cloud, listed: Iterable[Found], whole: Survey, settings: Settings, prices: Prices) -> list[str]:
    """Say what flow logs to come will add, a sentence for each topic.

    What the topic took within the last 24 hours is shared out among the interfaces that deliver to it; a new one is
    taken to be like them.

    Args:
        cloud: the account.
        listed: the interfaces, as the listing has found them: those with a flow log deliver already.
        whole: what is missing, by region.
        settings: say which topic each region's go to.
        prices: the table.
    """
    to_come: Counter[str] = Counter()
    for each in whole.inventories if settings.storage == "cls" else ():
        to_come[settings.topic_for(each.region)] += len(each.missing)
    logging = (found.flow_log for found in listed if found.state in (State.COVERED, State.DIFFERS))
    there = Counter(flow_log.topic_id for flow_log in logging if flow_log)
    return [
        f"{counted(number, 'flow log')} more to topic {topic_id}: "
        f"{_of_topic(cloud, topic_id, there[topic_id], number, prices)}."
        for topic_id, number in to_come.items()
        if number
    ]


def _of_topic(cloud: Cloud, topic_id: str, there: int, to_come: int, prices: Prices) -> str:
    """What some interfaces more will cost in a topic to which so many deliver."""
    if not there:
        return "the cost is unknown yet, because no interface delivers there and nothing can be measured"
    now = datetime.now(timezone.utc)
    try:
        place = topic.find(cloud, topic_id)
        if place is None:
            return "the cost is unknown, because the topic was found in no region"
        written, indexed = (
            sum(metric.values(cloud, name, place, now - _DAY, now)) for name in ("TrafficWrite", "TrafficIndex")
        )
    except CloudError as error:
        return f"the cost is unknown, because the topic could not be measured ({error.code})"
    if not written:
        return "the cost is unknown yet, because nothing was written there within the last 24 hours"
    measured = (
        f"measured: {written / there:.3g} MB written and {indexed / there:.3g} MB indexed within the "
        f"last 24 hours for each of {counted(there, 'interface')}"
    )
    share = to_come / there / _MB_PER_GB
    for_ever = place.days >= FOR_EVER
    try:
        price = prices.a_day(
            place.region, written * share, indexed * share, 0 if for_ever else place.days, place.storage
        )
    except KeyError:
        return f"no price is known for {place.region}: give a table with --prices ({measured})"
    kept = "and storage on top, which grows for ever" if for_ever else f"with {counted(place.days, 'day')} of them kept"
    about = f"about {price:,.2f}" if price >= CENT else f"less than {CENT}"
    return f"{about} {prices.currency} a day, {kept} ({measured}; {prices.origin})"
