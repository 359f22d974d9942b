"""The environment in, typed settings out, and every fault at once."""

from __future__ import annotations

import json

import pytest

from handler import schema, settings
from handler.errors import SettingsError
from handler.settings import Rule, Settings

TOPIC = "dfb8f1a2-8522-47c1-8571-67905167ab3f"
OTHER = "0a1b2c3d-8522-47c1-8571-67905167ab3f"
BASE = {"TENCENTCLOUD_REGION": "ap-guangzhou", "FLOWLOG_TOPIC_ID": TOPIC}


def load(**variables: str) -> Settings:
    return settings.load({**BASE, **variables})


def fault(**variables: str) -> str:
    with pytest.raises(SettingsError) as refused:
        load(**variables)
    return str(refused.value)


def expected(name: str) -> str:
    return str(schema.document("settings")["properties"][name]["description"])


def test_defaults() -> None:
    """With nothing but the topic set, the design's defaults hold."""
    assert load() == Settings(
        region="ap-guangzhou",
        topics={"default": TOPIC},
        topic_region="",
        traffic_type="ALL",
        name_prefix="auto-",
        description="managed-by=eni-flowlog",
        tags={},
        storage="cls",
        include=(),
        exclude=(),
        regions=(),
        repair="off",
        create_rate=19.0,
        dlq_queue="eni-flowlog-dlq",
        dlq_region="ap-guangzhou",
        dlq_endpoint="https://cmq-gz.public.tencenttdmq.com",
        api_endpoint="",
    )


@pytest.mark.parametrize("empty", ["", " ", "\t\n"])
@pytest.mark.parametrize("name", sorted(schema.document("settings")["properties"].keys() - {"FLOWLOG_TOPIC_ID"}))
def test_an_empty_variable_is_the_same_as_none(name: str, empty: str) -> None:
    """SCF's console leaves a variable empty rather than taking it away."""
    assert load(**{name: empty}) == load()


@pytest.mark.parametrize(
    ("name", "value", "attribute", "read"),
    [
        ("FLOWLOG_TOPIC_ID", "topic_1-A", "topics", {"default": "topic_1-A"}),
        ("FLOWLOG_TOPIC_ID", '{"ap-shanghai":"a","default":"b"}', "topics", {"ap-shanghai": "a", "default": "b"}),
        ("FLOWLOG_TOPIC_ID", ' {"ap-shanghai-fsi":"a"} ', "topics", {"ap-shanghai-fsi": "a"}),
        ("FLOWLOG_TOPIC_REGION", "ap-shanghai", "topic_region", "ap-shanghai"),
        ("FLOWLOG_TRAFFIC_TYPE", "ACCEPT", "traffic_type", "ACCEPT"),
        ("FLOWLOG_TRAFFIC_TYPE", "REJECT", "traffic_type", "REJECT"),
        ("FLOWLOG_TRAFFIC_TYPE", "ALL", "traffic_type", "ALL"),
        ("FLOWLOG_NAME_PREFIX", "x" * 48, "name_prefix", "x" * 48),
        ("FLOWLOG_NAME_PREFIX", "流日志 ", "name_prefix", "流日志 "),
        ("FLOWLOG_DESCRIPTION", "y" * 512, "description", "y" * 512),
        ("FLOWLOG_TAGS", '{"team":"network","empty":""}', "tags", {"team": "network", "empty": ""}),
        ("FLOWLOG_STORAGE", "cls", "storage", "cls"),
        ("FLOWLOG_STORAGE", "ckafka:ckafka-8xk9dj2p/flow.logs_1", "storage", "ckafka:ckafka-8xk9dj2p/flow.logs_1"),
        ("FLOWLOG_RULES", "{}", "include", ()),
        ("FLOWLOG_RULES", '{"exclude":[{"vpc_ids":[],"reason":"nothing to match"}]}', "exclude", ()),
        (
            "FLOWLOG_RULES",
            '{"include":{"vpc_ids":["vpc-pq9vxykj"]}}',
            "include",
            (Rule("include", vpc_ids=frozenset({"vpc-pq9vxykj"})),),
        ),
        (
            "FLOWLOG_RULES",
            '{"exclude":{"subnet_ids":["subnet-2qhl25io"],"tags":{"flowlog":"off"}}}',
            "exclude",
            (Rule("exclude", subnet_ids=frozenset({"subnet-2qhl25io"}), tags={"flowlog": "off"}),),
        ),
        (
            "FLOWLOG_RULES",
            '{"exclude":[{"tags":{"a":"b"},"reason":"load test","until":"2026-12-31"},{"vpc_ids":["vpc-pq9vxykj"]}]}',
            "exclude",
            (
                Rule("exclude[0]", tags={"a": "b"}, reason="load test", until="2026-12-31"),
                Rule("exclude[1]", vpc_ids=frozenset({"vpc-pq9vxykj"})),
            ),
        ),
        ("FLOWLOG_REGIONS", "ap-shanghai", "regions", ("ap-shanghai",)),
        ("FLOWLOG_REGIONS", " ap-shanghai , ap-beijing,ap-shanghai", "regions", ("ap-shanghai", "ap-beijing")),
        ("FLOWLOG_REGIONS", " all ", "regions", ()),
        ("FLOWLOG_REPAIR", "enable", "repair", "enable"),
        ("FLOWLOG_REPAIR", "recreate", "repair", "recreate"),
        ("FLOWLOG_DLQ_REGION", "ap-shanghai", "dlq_region", "ap-shanghai"),
        ("FLOWLOG_DLQ_REGION", "ap-shanghai", "dlq_endpoint", "https://cmq-sh.public.tencenttdmq.com"),
        ("FLOWLOG_CREATE_RATE", "0.5", "create_rate", 0.5),
        ("FLOWLOG_CREATE_RATE", "100000", "create_rate", 100_000.0),
        ("FLOWLOG_DLQ_QUEUE", "a" * 64, "dlq_queue", "a" * 64),
        ("FLOWLOG_DLQ_ENDPOINT", "https://q.example", "dlq_endpoint", "https://q.example"),
        (
            "FLOWLOG_DLQ_ENDPOINT",
            "http://127.0.0.1:80/v2/index.php",
            "dlq_endpoint",
            "http://127.0.0.1:80/v2/index.php",
        ),
        ("FLOWLOG_API_ENDPOINT", "http://127.0.0.1:8080", "api_endpoint", "http://127.0.0.1:8080"),
        (
            "FLOWLOG_API_ENDPOINT",
            "vpc.internal.tencentcloudapi.com",
            "api_endpoint",
            "vpc.internal.tencentcloudapi.com",
        ),
    ],
)
def test_a_good_value_is_read(name: str, value: str, attribute: str, read: object) -> None:
    """Each variable in each of its forms, up to its bounds."""
    assert getattr(load(**{name: value}), attribute) == read


BAD = {
    "FLOWLOG_TOPIC_ID": [
        "a b",
        "x" * 65,
        f"{TOPIC}\n",
        "{",
        "{}",
        '{"default":1}',
        '{"nowhere!":"a"}',
        '{"default":""}',
    ],
    "FLOWLOG_TOPIC_REGION": ["guangzhou", "ap-guangzhou\n", "AP-GUANGZHOU", "evil.example/ap-x", "ap-guangzhou ap-x"],
    "FLOWLOG_TRAFFIC_TYPE": ["all", "ALL ", "BOTH"],
    "FLOWLOG_NAME_PREFIX": ["x" * 49, "a\nb", "auto-\n", "a\x7f"],
    "FLOWLOG_DESCRIPTION": ["y" * 513, "a\tb", "text\n"],
    "FLOWLOG_TAGS": ["team", "[]", '{"team":1}', '{"":"x"}', '{"team":{}}', "{" * 2_000, f'{{"k":"{"v" * 256}"}}'],
    "FLOWLOG_STORAGE": ["ckafka", "ckafka:a", "ckafka:a/b/c", "CLS", "cls\n", "ckafka:a/b\n", "cos"],
    "FLOWLOG_RULES": [
        "{",
        "[]",
        '{"includes":{}}',
        '{"include":{"vpc_ids":"vpc-pq9vxykj"}}',
        '{"include":{"vpc_ids":["vpc-pq9vxykj\\n"]}}',
        '{"exclude":{"subnet_ids":["vpc-pq9vxykj"]}}',
        '{"exclude":{"tags":["a"]}}',
        '{"exclude":{"vpc":[]}}',
        '{"exclude":[{"tags":{"a":"b"},"until":"31.12.2026"}]}',
        '{"exclude":{"tags":{"a":"b"},"until":"2026-13-01"}}',
        '{"exclude":{"tags":{"a":"b"},"reason":""}}',
        '{"exclude":[[]]}',
        "[" * 3_000 + "]" * 3_000,
        "1" * 5_000,
    ],
    "FLOWLOG_REGIONS": [",", "ap-shanghai,", "ap-shanghai;ap-beijing", "all,ap-shanghai", "ALL"],
    "FLOWLOG_REPAIR": ["on", "OFF", "enable "],
    "FLOWLOG_CREATE_RATE": ["0", "0.0", "-1", "100001", "1e3", "ten", "nan", "19\n", "19 "],
    "FLOWLOG_DLQ_QUEUE": ["1queue", "a" * 65, "a b", "queue\n"],
    "FLOWLOG_DLQ_REGION": ["guangzhou", "ap-guangzhou\n"],
    "FLOWLOG_DLQ_ENDPOINT": ["ftp://q.example", "https://", "https://q.example?x", "https://user@q.example", "q\n"],
    "FLOWLOG_API_ENDPOINT": ["http://127.0.0.1:port", "http://a b", "http://127.0.0.1:80\n", "http://127.0.0.1/path"],
}


def test_every_variable_has_bad_values_here() -> None:
    """A new setting has to be added to this file."""
    assert BAD.keys() == schema.document("settings")["properties"].keys()


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in BAD.items() for value in values])
def test_a_bad_value_is_refused_with_what_it_should_be(name: str, value: str) -> None:
    """The message names the variable and says what it should be; no other variable is named."""
    message = fault(**{name: value})
    assert message.startswith("the function's environment is wrong, correct and redeploy it: ")
    assert f"{name} must be {expected(name)}" in message
    assert message.count("FLOWLOG_") == 1 + expected(name).count("FLOWLOG_")


def test_all_faults_are_told_at_once() -> None:
    """An operator corrects everything in one go."""
    with pytest.raises(SettingsError) as refused:
        settings.load({name: values[0] for name, values in BAD.items()})
    message = str(refused.value)
    assert all(f"{name} must be {expected(name)}" in message for name in BAD)
    assert "TENCENTCLOUD_REGION is missing: SCF sets it" in message


def test_no_value_is_shown() -> None:
    """A secret that was put into the wrong variable does not end in the log."""
    values = {name: f'{{"PlantedSecret":"PlantedSecret {name}"' for name in BAD}
    assert "PlantedSecret" not in fault(**values)
    assert "Planted" not in fault(FLOWLOG_RULES='{"include":{"vpc_ids":["Planted"],"tags":{"k":["Planted"]}}}')


def test_the_topic_is_required() -> None:
    """Without a topic there is nowhere to deliver."""
    message = fault(FLOWLOG_TOPIC_ID="")
    assert message.endswith(f"FLOWLOG_TOPIC_ID is missing; it must be {expected('FLOWLOG_TOPIC_ID')}")


def test_ckafka_needs_no_topic_id() -> None:
    """The topic is part of FLOWLOG_STORAGE then."""
    assert load(FLOWLOG_TOPIC_ID="", FLOWLOG_STORAGE="ckafka:ckafka-8xk9dj2p/t").topic_for("ap-shanghai") == ""


def test_where_in_the_json_the_fault_is() -> None:
    """A fault inside of JSON is told with its place."""
    message = fault(FLOWLOG_RULES='{"exclude":{"vpc_ids":["vpc-pq9vxykj","x"]}}')
    assert message.endswith("($.exclude.vpc_ids[1]: must have the form ^vpc-[0-9a-z]{6,20}$)")
    message = fault(FLOWLOG_RULES='{"exclude":[{"tags":{"a":"b"}},{"subnet_ids":"x"}]}')
    assert message.endswith("($.exclude[1].subnet_ids: must be array)")
    assert fault(FLOWLOG_TAGS="{").endswith(
        "(not JSON: Expecting property name enclosed in double quotes at character 1)"
    )


def test_a_topic_by_region() -> None:
    """A region without an entry of its own takes the default; without a default there is none."""
    by_region = load(FLOWLOG_TOPIC_ID=json.dumps({"ap-shanghai": OTHER, "default": TOPIC}))
    assert (by_region.topic_for("ap-shanghai"), by_region.topic_for("ap-beijing")) == (OTHER, TOPIC)
    assert load(FLOWLOG_TOPIC_ID=json.dumps({"ap-shanghai": OTHER})).topic_for("ap-beijing") == ""


def test_a_region_without_a_known_queue_address_needs_the_setting() -> None:
    """It is not guessed."""
    message = fault(TENCENTCLOUD_REGION="ap-atlantis")
    assert (
        "FLOWLOG_DLQ_ENDPOINT is missing, and no address of a queue is known for the region: set it, "
        "or FLOWLOG_DLQ_REGION to another" in message
    )
    assert load(TENCENTCLOUD_REGION="ap-atlantis", FLOWLOG_DLQ_REGION="ap-guangzhou").region == "ap-atlantis"
    assert load(TENCENTCLOUD_REGION="ap-atlantis", FLOWLOG_DLQ_ENDPOINT="https://q.example").region == "ap-atlantis"


def test_the_function_s_region_is_required() -> None:
    """SCF always sets it; on an operator's machine it may be missing."""
    assert "TENCENTCLOUD_REGION is missing: SCF sets it; elsewhere set it" in fault(TENCENTCLOUD_REGION="")


def test_keys_are_those_of_the_execution_role() -> None:
    """SCF's names; permanent keys come without a token."""
    keys = {"TENCENTCLOUD_SECRETID": " id ", "TENCENTCLOUD_SECRETKEY": "key", "TENCENTCLOUD_SESSIONTOKEN": "token"}
    read = settings.credentials(keys)
    assert (read.secret_id, read.secret_key, read.token) == ("id", "key", "token")
    assert settings.credentials({**keys, "TENCENTCLOUD_SESSIONTOKEN": ""}).token == ""
    assert repr(read) == "Credentials()"


@pytest.mark.parametrize("missing", ["TENCENTCLOUD_SECRETID", "TENCENTCLOUD_SECRETKEY"])
def test_without_keys_there_is_no_role(missing: str) -> None:
    """SCF sets them only when the function has an execution role: that is what to do."""
    keys = {"TENCENTCLOUD_SECRETID": "id", "TENCENTCLOUD_SECRETKEY": "key", missing: ""}
    with pytest.raises(SettingsError, match="are missing: give the function an execution role"):
        settings.credentials(keys)


def test_changed_settings_are_seen_by_a_warm_instance() -> None:
    """Checked settings are kept by what they were made from: another value is checked anew, a wrong one each time."""
    variables = {"TENCENTCLOUD_REGION": "ap-guangzhou", "FLOWLOG_TOPIC_ID": "dfb8f1a2-8522-47c1-8571-67905167ab3f"}
    first = settings.load(variables)
    assert settings.load({**variables, "UNRELATED": "1"}) is first
    assert settings.load({**variables, "FLOWLOG_TRAFFIC_TYPE": "REJECT"}).traffic_type == "REJECT"
    assert settings.load({**variables, "TENCENTCLOUD_REGION": "ap-shanghai"}).region == "ap-shanghai"
    for _ in range(2):
        with pytest.raises(SettingsError, match="FLOWLOG_TRAFFIC_TYPE must be"):
            settings.load({**variables, "FLOWLOG_TRAFFIC_TYPE": "all"})
