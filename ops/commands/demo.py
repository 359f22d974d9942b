"""`eni-flowlog demo`: the whole way on this machine, in a minute. What it shows has really happened, over HTTP."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from rich.text import Text

from handler.errors import CloudError
from handler.settings import Credentials
from localcloud import LocalCloud
from ops import config, console
from ops.deployment import documents
from ops.deployment.assembly import all_parts
from ops.deployment.cloud import CAM, CVM, VPC, Cloud
from ops.deployment.policy import Policy
from ops.deployment.wanted import deployment_of
from ops.errors import Exit, OperatorError
from ops.packaging import package as packaging

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from rich.table import Table

    from handler.cloud.api import Service
    from ops.deployment.wanted import Deployment
    from ops.packaging.package import Package

HOME, ELSEWHERE = "ap-guangzhou", "ap-shanghai"
BACKLOG = 240
"""Interfaces that were there before, for the backfill."""
TIME_SCALE = 0.1
AGO_S = 3600.0
"""How long before now the interfaces come, by the local cloud's clock, in seconds."""
_SETTLE_S = 30.0
FOLDER = config.FILE.resolve().parent
"""Where the commands run: beside serverless.yml."""
_OURS = ("FLOWLOG_", "TENCENTCLOUD_", "TCCLI_")
"""How the variables begin that are none of the demo's business."""
_UNSUPPORTED_MODEL = "S1.SMALL1"


@dataclass
class Stage:
    """A local cloud with the function deployed to it, and what has come in so far."""

    local: LocalCloud
    cloud: Cloud
    deployment: Deployment
    cache: str
    events: list[dict[str, Any]] = field(default_factory=list)

    def call(self, service: Service, action: str, region: str = HOME, **params: Any) -> dict[str, Any]:
        """A user's API call."""
        return self.cloud.change(service, action, params, region)

    def settle(self) -> None:
        """Wait until no event and no invocation is under way."""
        if not self.local.background.wait_until_idle(_SETTLE_S):
            raise OperatorError("The local cloud did not come to rest: please report it.")


Story = Callable[[Stage], None]
"""Something that happens in an account."""


def demo_command() -> None:
    """Show the whole way on this machine: package, deploy to a local cloud, events, dead letters, backfill, redrive.

    Needs no account and no network. Nothing is left behind but .build/.
    """
    began = time.monotonic()
    package = _package()
    with LocalCloud(time_scale=TIME_SCALE) as local, TemporaryDirectory() as cache:
        _go_back(local)
        stage = _deploy(local, package, cache)
        console.out().print(_stories(stage))
        _let_an_hour_pass(stage)
        _operator(stage)
    console.out().print(Text(f"All of that took {console.duration(time.monotonic() - began)}.", "bold"))
    console.out().print(f"The page for an auditor: {os.path.relpath(_page())}")
    console.out().print("Next: README.md, `eni-flowlog local` for a cloud to play with, docs/deploy.md for a real one.")


def _go_back(local: LocalCloud) -> None:
    """Begin an hour ago, with a topic of then, so that the first flow logs have had time to write."""
    local.clock.advance(-AGO_S)
    local.delete_topic(local.topic_id)
    local.topic_id = local.add_topic()


def _let_an_hour_pass(stage: Stage) -> None:
    """Move the cloud's clock on to now; half an hour before, the first of the new interfaces has traffic."""
    stage.local.clock.advance(AGO_S / 2)
    [first] = stage.call(VPC, "DescribeFlowLogs", Limit=1)["FlowLog"]
    stage.local.send_traffic(HOME, first["ResourceId"])
    stage.local.clock.advance(AGO_S / 2)


def _package() -> Package:
    _heading("1. The package, as it is deployed")
    package = packaging.build_to_run_here()
    if package.platform == "this machine":
        print(f"There is no Python of the function's runtime here: the local cloud runs it with {package.python}.")
    print(package)
    return package


def _deploy(local: LocalCloud, package: Package, cache: str) -> Stage:
    _heading("2. `eni-flowlog deploy` to a local cloud")
    keys = Credentials(local.secret_id, local.secret_key)
    wanted = deployment_of(config.read_file(config.FILE, shell(local)))
    stage = Stage(local, Cloud(lambda: keys, HOME, local.endpoint), wanted, cache)
    local.eventbridge.watchers.append(stage.events.append)
    # A sweep that comes due in this minute would redrive before the operator does.
    archive = os.path.relpath(package.archive, FOLDER)
    _run(stage, "deploy", "--package", archive, "--without-timer", "--yes")
    stage.settle()
    return stage


def shell(local: LocalCloud) -> dict[str, str]:
    """What an operator sets to work with a local cloud."""
    return {
        "TENCENTCLOUD_SECRET_ID": local.secret_id,
        "TENCENTCLOUD_SECRET_KEY": local.secret_key,
        "TENCENTCLOUD_REGION": HOME,
        "FLOWLOG_TOPIC_ID": local.topic_id,
        "FLOWLOG_TOPIC_REGION": local.region,
        "FLOWLOG_API_ENDPOINT": local.endpoint,
        "FLOWLOG_DLQ_ENDPOINT": local.endpoint,
    }


def _stories(stage: Stage) -> Table:
    """What happened, what the function called, and how each item ended."""
    _heading("3. Interfaces come, flow logs follow")
    heads = ("What happened", "The function called", "Outcome", "Why")
    rows = console.table("", heads, fold=("What happened", "The function called", "Why"))
    for title, story in STORIES.items():
        rows.add_row(title, *_told(stage, title, story))
    return rows


def _told(stage: Stage, title: str, story: Story) -> tuple[str, Text, str]:
    """Let a story happen, and say what comes of it: the function's calls, how each item ended, and why."""
    runs, calls = len(stage.local.scf.invocations), len(stage.local.calls)
    with console.working(title):
        story(stage)
        stage.settle()
    made = Counter(call.action for call in list(stage.local.calls)[calls:] if call.caller and call.caller.role)
    called = [name + (f" x{number}" if number > 1 else "") for name, number in made.items()]
    items = [item for run in stage.local.scf.invocations[runs:] for item in (run.result or {}).get("items", [])]
    outcomes = (Text(item["outcome"].replace("_", "-"), console.STYLES[item["outcome"]]) for item in items)
    reasons = dict.fromkeys(console.plain(item.get("reason", "")) for item in items)
    return "\n".join(called) or "nothing", Text("\n").join(outcomes), "\n".join(reasons).strip()


def _operator(stage: Stage) -> None:
    """What an operator does afterwards, with the very commands."""
    for region in (HOME, ELSEWHERE):
        stage.local.seed_interfaces(region, BACKLOG // 2, flow_logs=BACKLOG // 8)
    _heading("4. What failed is on the dead-letter queue, and why")
    _run(stage, "dlq", "list")
    _heading("5. The permission is back: run the dead letters again, throw the malformed one away")
    _run(stage, "dlq", "redrive", "--yes", ends_with=(Exit.UNCOVERED,))
    _run(stage, "dlq", "purge", "--all", "--yes")
    _run(stage, "dlq", "list")
    _heading("6. What was there before: a backfill of all regions")
    _run(stage, "backfill", "--yes")
    _heading("7. Somebody switches a flow log off, and it still stands there")
    _switch_off(stage)
    _run(stage, "status", ends_with=(Exit.UNCOVERED,))
    _run(stage, "repair", "--yes")
    _heading("8. Is every interface covered, and do its records arrive? If not, why not?")
    _run(stage, "status", "--arrivals", "--html", os.path.relpath(_page(), FOLDER))


def _page() -> Path:
    return packaging.home(packaging.ROOT) / ".build" / "coverage.html"


def _switch_off(stage: Stage) -> None:
    log = max(stage.call(VPC, "DescribeFlowLogs", Limit=100)["FlowLog"], key=lambda each: each["CreatedTime"])
    stage.call(VPC, "DisableFlowLogs", FlowLogIds=[log["FlowLogId"]])


def _run(stage: Stage, *arguments: str, ends_with: Sequence[Exit] = (Exit.OK,)) -> None:
    """Run a command of ours as a person would.

    Raises:
        OperatorError: it ended otherwise than it should, so that what is shown here would not be true.
    """
    console.out().print(Text(f"$ eni-flowlog {' '.join(arguments)}", "bold"))
    sys.stdout.flush()
    others = {name: text for name, text in os.environ.items() if not name.startswith(_OURS)}
    variables = {**others, **shell(stage.local), "XDG_CACHE_HOME": stage.cache}
    command = [sys.executable, "-m", "ops.cli", *arguments]
    ended = subprocess.run(command, env=variables, cwd=FOLDER, check=False)  # noqa: S603 - our own command
    if ended.returncode not in ends_with:
        raise OperatorError(f"eni-flowlog {arguments[0]} ended with exit code {ended.returncode}: please report it.")


def _heading(text: str) -> None:
    console.out().print()
    console.out().rule(Text(text, "bold cyan"), align="left", style="dim")


# The stories, each in the shape in which it really arrives: the local cloud records the call, and delivers the event.


def _attached(stage: Stage, instance_id: str = "") -> None:
    vpc_id, subnet_id = stage.local.network_of(HOME)
    stage.call(
        VPC,
        "CreateAndAttachNetworkInterface",
        NetworkInterfaceName="demo",
        VpcId=vpc_id,
        SubnetId=subnet_id,
        InstanceId=instance_id or stage.local.seed_instance(HOME),
    )


def _again(stage: Stage) -> None:
    stage.local.eventbridge.put(_event_of_the_first(stage))


def _event_of_the_first(stage: Stage) -> dict[str, Any]:
    """The event of the first story. Deploying was on the bus too, and so are the function's own calls."""
    return next(each for each in stage.events if each["data"]["eventName"] == "CreateAndAttachNetworkInterface")


def _loose(stage: Stage) -> None:
    vpc_id, subnet_id = stage.local.network_of(HOME)
    stage.call(VPC, "CreateNetworkInterface", NetworkInterfaceName="loose", VpcId=vpc_id, SubnetId=subnet_id)


def _attach_the_loose(stage: Stage) -> None:
    found = stage.call(VPC, "DescribeNetworkInterfaces", Limit=100)["NetworkInterfaceSet"]
    loose = next(each["NetworkInterfaceId"] for each in found if not each["Attachment"])
    stage.call(VPC, "AttachNetworkInterface", NetworkInterfaceId=loose, InstanceId=stage.local.instance_id)


def _instances(stage: Stage) -> None:
    vpc_id, subnet_id = stage.local.network_of(ELSEWHERE)
    stage.call(
        CVM,
        "RunInstances",
        ELSEWHERE,
        Placement={"Zone": f"{ELSEWHERE}-3"},
        ImageId="img-demo0001",
        InstanceCount=2,
        VirtualPrivateCloud={"VpcId": vpc_id, "SubnetId": subnet_id},
        LoginSettings={"Password": "Not-In-Any-Log-1"},
    )


def _unsupported(stage: Stage) -> None:
    _attached(stage, stage.local.seed_instance(HOME, _UNSUPPORTED_MODEL))


def _refused_call(stage: Stage) -> None:
    with suppress(CloudError):  # as it should be: there is no such interface
        stage.call(VPC, "AttachNetworkInterface", NetworkInterfaceId="eni-00000000", InstanceId=stage.local.instance_id)


def _without_permission(stage: Stage) -> None:
    """An event comes while the role lacks a permission; afterwards the role has it again, as after a `deploy`."""
    policy = next(part for part in all_parts(stage.deployment, stage.cloud) if isinstance(part, Policy))
    found = policy.find()
    assert found is not None, "it has just been deployed"
    weak = documents.role_policy(stage.deployment, stage.cloud.uin)
    weak["statement"][0]["action"].remove("name/vpc:CreateFlowLog")
    stage.call(CAM, "UpdatePolicy", PolicyId=found["PolicyId"], PolicyDocument=json.dumps(weak))
    _attached(stage)
    stage.settle()
    policy.update(policy.find() or {})


def _malformed(stage: Stage) -> None:
    """Of a record, all that names anything is taken away, and a forged id put in."""
    event = _event_of_the_first(stage)
    named = ("responseElements", "requestParameters", "resourceName", "resourceSet", "resources")
    data = {key: value for key, value in event["data"].items() if key not in named}
    data["responseElements"] = json.dumps({"NetworkInterface": {"NetworkInterfaceId": "eni-../../etc"}})
    stage.local.eventbridge.put({**event, "data": data})


STORIES: dict[str, Story] = {
    "An interface is made on an instance": _attached,
    "The same event comes again": _again,
    "An interface is made loose": _loose,
    "… and attached later": _attach_the_loose,
    "Two instances start in another region": _instances,
    "An interface on an old model": _unsupported,
    "A user's call is refused by the API": _refused_call,
    "The role has lost a permission": _without_permission,
    "An event with a forged interface id": _malformed,
}
