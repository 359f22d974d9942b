"""The one place that reads the environment: text in, typed settings out, all faults at once."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from handler import jsontext, schema
from handler.errors import SettingsError

if TYPE_CHECKING:
    from collections.abc import Mapping

_SCHEMA = "settings"
DROPPED = ("FLOWLOG_MAX_FAILURE_SHARE",)
"""Settings of earlier versions. A deployed function that still has one goes on without it."""

QUEUE_REGIONS = {
    "ap-guangzhou": "gz",
    "ap-shanghai": "sh",
    "ap-beijing": "bj",
    "ap-nanjing": "nj",
    "ap-chengdu": "cd",
    "ap-chongqing": "cq",
    "ap-hongkong": "hk",
    "ap-singapore": "sg",
    "ap-bangkok": "th",
    "ap-seoul": "kr",
    "ap-tokyo": "jp",
    "ap-shanghai-fsi": "shjr",
    "ap-shenzhen-fsi": "szjr",
    "eu-frankfurt": "de",
    "na-ashburn": "use",
    "na-siliconvalley": "usw",
    "sa-saopaulo": "sao",
}
"""The regions that have TDMQ-CMQ (doc 1179/55901), with their short names in the queue's addresses: cmq-gz and cmq-sh
are documented (doc 1496/61021), the others inferred."""


@dataclass(frozen=True)
class Credentials:
    """The keys of the execution role. Never shown: they rotate, and are read at each invocation."""

    secret_id: str = field(repr=False)
    secret_key: str = field(repr=False)
    token: str = field(default="", repr=False)


@dataclass(frozen=True)
class Rule:
    """One rule of FLOWLOG_RULES: it matches an interface when each part that is given does.

    Attributes:
        name: where it stands, such as `exclude`, or `exclude[1]` where there are several.
        vpc_ids: one of these, where any are given.
        subnet_ids: one of these, where any are given.
        tags: all of these, where any are given.
        reason: why there is this rule, in its author's words.
        until: its last day, such as 2026-12-31 (UTC); empty for ever.
    """

    name: str
    vpc_ids: frozenset[str] = frozenset()
    subnet_ids: frozenset[str] = frozenset()
    tags: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""
    until: str = ""

    @property
    def parts(self) -> list[str]:
        """The names of the parts that are given."""
        return [part for part in ("vpc_ids", "subnet_ids", "tags") if getattr(self, part)]


@dataclass(frozen=True)
class Settings:
    """What the operator has set; the table is in docs/settings.md, the schema in `schemas/settings.schema.json`.

    `regions` is empty where FLOWLOG_REGIONS is `all`.
    """

    region: str
    topics: Mapping[str, str]
    topic_region: str
    traffic_type: str
    name_prefix: str
    description: str
    tags: Mapping[str, str]
    storage: str
    include: tuple[Rule, ...]
    exclude: tuple[Rule, ...]
    regions: tuple[str, ...]
    repair: str
    create_rate: float
    dlq_queue: str
    dlq_region: str
    dlq_endpoint: str
    api_endpoint: str

    def known_regions(self) -> tuple[str, ...]:
        """The regions that the settings name: those of FLOWLOG_REGIONS, else the function's own and the topics'."""
        return self.regions or tuple(dict.fromkeys([self.region, *sorted(self.topics.keys() - {"default"})]))

    def topic_for(self, region: str) -> str:
        """The CLS topic for a region, empty where none is set."""
        return self.topics.get(region) or self.topics.get("default", "")


def load(environment: Mapping[str, str], region: str = "", *, topic_needed: bool = True) -> Settings:
    """Read the settings.

    Args:
        environment: the process's environment; of SCF's own names only TENCENTCLOUD_REGION is read.
        region: the function's, where the environment does not tell it.
        topic_needed: whether it is a fault that FLOWLOG_TOPIC_ID is not set: not to who only looks at the queue.

    Raises:
        SettingsError: names every bad variable and what it should be.
    """
    known = schema.document(_SCHEMA)["properties"]
    given = tuple((name, environment[name]) for name in known if environment.get(name, "").strip())
    return _checked(given, environment.get("TENCENTCLOUD_REGION", "") or region, topic_needed=topic_needed)


@lru_cache(maxsize=8)  # a warm instance's are the same each time, and checking them costs half a millisecond
def _checked(pairs: tuple[tuple[str, str], ...], region: str, *, topic_needed: bool) -> Settings:
    given = dict(pairs)
    faults = _faults(given)
    if not topic_needed and "FLOWLOG_TOPIC_ID" not in given:
        del faults["FLOWLOG_TOPIC_ID"]
    if not region:
        faults["TENCENTCLOUD_REGION"] = "is missing: SCF sets it; elsewhere set it to the function's region"
    elif "FLOWLOG_DLQ_REGION" not in faults and not _has_queue_address(given, region):
        faults["FLOWLOG_DLQ_ENDPOINT"] = (
            "is missing, and no address of a queue is known for the region: set it, or FLOWLOG_DLQ_REGION to another"
        )
    if faults:
        lines = "; ".join(f"{name} {fault}" for name, fault in sorted(faults.items()))
        raise SettingsError(f"the function's environment is wrong, correct and redeploy it: {lines}")
    known = schema.document(_SCHEMA)["properties"]
    return _typed({name: rule["default"] for name, rule in known.items() if "default" in rule} | given, region)


def credentials(environment: Mapping[str, str]) -> Credentials:
    """The execution role's temporary keys, as SCF puts them into the environment (doc 583/30228).

    Raises:
        SettingsError: the function has no execution role.
    """
    secret_id = environment.get("TENCENTCLOUD_SECRETID", "").strip()
    secret_key = environment.get("TENCENTCLOUD_SECRETKEY", "").strip()
    if not (secret_id and secret_key):
        raise SettingsError(
            "TENCENTCLOUD_SECRETID and TENCENTCLOUD_SECRETKEY are missing: give the function an execution role "
            "(`role` in serverless.yml), from which SCF takes them"
        )
    return Credentials(secret_id, secret_key, environment.get("TENCENTCLOUD_SESSIONTOKEN", "").strip())


def _has_queue_address(given: Mapping[str, str], region: str) -> bool:
    return "FLOWLOG_DLQ_ENDPOINT" in given or given.get("FLOWLOG_DLQ_REGION", region) in QUEUE_REGIONS


def _faults(given: Mapping[str, str]) -> dict[str, str]:
    faults: dict[str, str] = {}
    known = schema.document(_SCHEMA)["properties"]
    for error in schema.validator(_SCHEMA).iter_errors(given):
        if error.absolute_path:
            name = str(error.absolute_path[0])
            faults[name] = f"must be {known[name]['description']}"
        else:  # the only rule about the whole is what is required
            faults["FLOWLOG_TOPIC_ID"] = f"is missing; it must be {known['FLOWLOG_TOPIC_ID']['description']}"
    for name, text in given.items():
        rule = known[name]
        is_json = "contentSchema" in rule and (name != "FLOWLOG_TOPIC_ID" or text.lstrip().startswith("{"))
        problem = _content_problem(text, rule["contentSchema"]) if is_json and name not in faults else ""
        if problem:
            faults[name] = f"must be {rule['description']} ({problem})"
    return faults


def _content_problem(text: str, rules: Mapping[str, Any]) -> str:
    try:
        content = jsontext.parse(text)
    except jsontext.NotJson as error:
        return str(error)
    return schema.told(schema.part(_SCHEMA, rules), content)


def named_regions(text: str) -> tuple[str, ...]:
    """The regions that a value of FLOWLOG_REGIONS names, each once; none where it is `all`, or empty."""
    parts = (part.strip() for part in text.split(","))
    return tuple(dict.fromkeys(part for part in parts if part not in ("", "all")))


def _typed(values: Mapping[str, str], region: str) -> Settings:
    topic = values.get("FLOWLOG_TOPIC_ID", "").strip()
    rules = json.loads(values["FLOWLOG_RULES"])
    dlq_region = values.get("FLOWLOG_DLQ_REGION", region)
    return Settings(
        region=region,
        topics=json.loads(topic) if topic.startswith("{") else {"default": topic},
        topic_region=values.get("FLOWLOG_TOPIC_REGION", ""),
        traffic_type=values["FLOWLOG_TRAFFIC_TYPE"],
        name_prefix=values["FLOWLOG_NAME_PREFIX"],
        description=values["FLOWLOG_DESCRIPTION"],
        tags=json.loads(values["FLOWLOG_TAGS"]),
        storage=values["FLOWLOG_STORAGE"],
        include=_rules("include", rules.get("include", {})),
        exclude=_rules("exclude", rules.get("exclude", {})),
        regions=named_regions(values["FLOWLOG_REGIONS"]),
        repair=values["FLOWLOG_REPAIR"],
        create_rate=float(values["FLOWLOG_CREATE_RATE"]),
        dlq_queue=values["FLOWLOG_DLQ_QUEUE"],
        dlq_region=dlq_region,
        # The public https address: the body carries the session token, and the internal address is http.
        dlq_endpoint=values.get("FLOWLOG_DLQ_ENDPOINT")
        or f"https://cmq-{QUEUE_REGIONS[dlq_region]}.public.tencenttdmq.com",
        api_endpoint=values.get("FLOWLOG_API_ENDPOINT", ""),
    )


def _rules(kind: str, given: Any) -> tuple[Rule, ...]:
    """One rule, or several in an array; what has no part that could match is none."""
    several = given if isinstance(given, list) else [given]
    rules = [
        Rule(
            f"{kind}[{number}]" if isinstance(given, list) else kind,
            frozenset(rule.get("vpc_ids", ())),
            frozenset(rule.get("subnet_ids", ())),
            dict(rule.get("tags", {})),
            rule.get("reason", ""),
            rule.get("until", ""),
        )
        for number, rule in enumerate(several)
    ]
    return tuple(rule for rule in rules if rule.parts)
