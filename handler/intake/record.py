"""One CloudAudit record, read tolerantly: real ones differ in where, and in which form, they hold the same."""

from __future__ import annotations

import re
from datetime import datetime, timedelta, timezone
from functools import cached_property
from itertools import islice
from typing import TYPE_CHECKING, Any

from handler import jsontext
from handler.jsontext import objects
from handler.model import tags_of
from handler.schema import Unusable

if TYPE_CHECKING:
    from collections.abc import Mapping

REGION = re.compile(r"[a-z]{2,5}(-[a-z0-9]{1,20}){1,3}")
INTERFACE_ID = re.compile(r"eni-[0-9a-z]{6,20}")
INSTANCE_ID = re.compile(r"ins-[0-9a-z]{6,20}")
VPC_ID = re.compile(r"vpc-[0-9a-z]{6,20}")
SUBNET_ID = re.compile(r"subnet-[0-9a-z]{6,20}")

_MODEL = re.compile(r"[0-9A-Za-z]{2,20}\.[0-9A-Za-z]{1,20}")
_REQUEST_ID = re.compile(r"[0-9a-zA-Z-]{8,64}")
_LOGGED_IDS = 20
_SUCCESS = (None, 0, "0", "")
_SAID_SUCCESS = frozenset({"0.0", "200", "ok", "success"})
_BEIJING = timezone(timedelta(hours=8))
_EARLIER = timedelta(minutes=1)
"""Clocks differ, and a record may be written after its call: an interface is the event's if it is hardly older."""
_LATEST_S = 10_000_000_000
"""A time above this, which is in the year 2286, is in milliseconds."""


class Record:
    """What a record says, whichever way it says it.

    Attributes:
        action: the API action that was called.
        request: the call's parameters, empty where the record holds none.
        reply: the call's answer, empty where the record holds none.
    """

    def __init__(self, fields: Mapping[str, Any], envelope: Mapping[str, Any]) -> None:
        """Take the record, and the CloudEvent around it, which is trusted last: its region is the bus's."""
        self._fields = fields
        self._envelope = envelope
        self.action = str(fields["eventName"])
        self.request = _object(fields.get("requestParameters"))
        reply = _object(fields.get("responseElements"))
        self.reply = _mapping(reply["Response"]) if "Response" in reply else reply
        self._resource_set = _list(fields.get("resourceSet"))

    @property
    def without_effect(self) -> str:
        """Why the call changed nothing: it was a read, or it failed; empty where it did."""
        if self._fields.get("actionType") == "Read":
            return "a read"
        return "the API call failed" if self._failed else ""

    @property
    def is_dry_run(self) -> bool:
        """Whether RunInstances was only to check its parameters."""
        return self.action == "RunInstances" and self.request.get("DryRun") is True

    @property
    def created(self) -> Mapping[str, Any]:
        """The interface in the answer to a create, empty where there is none."""
        return _mapping(self.reply.get("NetworkInterface"))

    @property
    def model(self) -> str:
        """The model of the instances that the call has run, such as S5.SMALL2; empty where it tells none."""
        told = self.request.get("InstanceType")
        return told if isinstance(told, str) and _MODEL.fullmatch(told) else ""

    @cached_property
    def region(self) -> str:
        """The call's region, by order of trust (inferred). A resource's of another form, such as gz, tells nothing.

        Raises:
            Unusable: none is named, or one that has not the form of a region.
        """
        resources = [str(_mapping(resource).get("resourceRegion")) for resource in self._resource_set]
        candidates = [
            self.request.get("Region"),
            *(each for each in resources if REGION.fullmatch(each)),
            self._fields.get("eventRegion"),
            self._envelope.get("region"),
        ]
        region = next((each for each in candidates if each not in (None, "", "Global", "global")), "")
        if not isinstance(region, str) or not REGION.fullmatch(region):
            raise Unusable("the region has not the form of a region, such as ap-guangzhou" if region else "no region")
        return region

    @property
    def since(self) -> str:
        """A minute before the call, as the VPC API writes times; empty where no time is told."""
        for told in (self._fields.get("eventTime"), self._envelope.get("time")):
            moment = _shortly_before(told)
            if moment:
                return moment.replace(tzinfo=None).isoformat(" ", "seconds")
        return ""

    @property
    def tags(self) -> dict[str, str] | None:
        """The tags that a create was asked for or answers with. None where there are none, which proves nothing yet."""
        given = [self.request.get("Tags"), self.created.get("TagSet")]
        given += [each.get("Tags") for each in objects(self.request.get("TagSpecification"))]
        return {key: value for tag_set in given for key, value in tags_of(tag_set).items()} or None

    def named(self, form: re.Pattern[str]) -> list[str]:
        """The ids of a form among the record's resources.

        They stand in resourceSet, in resourceName ("eni/eni-78ysaex1|vpc/vpc-pq9vxykj|…") and in resources
        ("qcs:id/0:vpc:ap-shanghai:uin/1:eni/eni-78ysaex1"): fallbacks only.
        """
        names = [_mapping(resource).get("resourceId") for resource in self._resource_set]
        names += str(self._fields.get("resourceName") or "").split("|")
        names += _list(self._fields.get("resources"))
        last_parts = [name.rpartition("/")[2].strip() for name in names if isinstance(name, str)]
        return list(dict.fromkeys(part for part in last_parts if form.fullmatch(part)))

    def only(self, form: re.Pattern[str]) -> str:
        """The id of a form that the resources name, empty where they name none or several."""
        ids = self.named(form)
        return ids[0] if len(ids) == 1 else ""

    @property
    def _failed(self) -> bool:
        """Some records spell success out instead of 0: they are believed where there is an answer without an error."""
        codes = [code for code in map(self._fields.get, ("errorCode", "apiErrorCode")) if code not in _SUCCESS]
        said = all(str(code).strip().lower() in _SAID_SUCCESS for code in codes)
        return bool(codes) and not (said and self.reply and "Error" not in self.reply)


def request_ids(event: Any) -> list[str]:
    """The request ids of the API calls that EventBridge's events tell of, a few at the most.

    The function logs them, and CloudAudit's trail shows the same: by them `eni-flowlog doctor` sees whether events
    arrive.
    """
    several = event.get("EventList") if isinstance(event, dict) else None
    records = (_object(each.get("data")) for each in objects(several or [event]))
    told = (record.get("requestID") for record in islice(records, _LOGGED_IDS))
    return [each for each in told if isinstance(each, str) and _REQUEST_ID.fullmatch(each)]


def checked(form: re.Pattern[str], value: Any, name: str) -> str:
    """An id that has its form, or "" for none: it is checked before it is used for anything.

    Raises:
        Unusable: it has another form; `name` says which it is.
    """
    if value in (None, ""):
        return ""
    if not isinstance(value, str) or not form.fullmatch(value):
        raise Unusable(f"{name} has not the form {form.pattern}")
    return value


def _shortly_before(told: Any) -> datetime | None:
    """From seconds, milliseconds, either also as text, or Beijing time as "2022-08-24 16:45:48"; None from all else."""
    try:
        if isinstance(told, str) and not told.isdecimal():
            return datetime.fromisoformat(told[:19]).replace(tzinfo=_BEIJING) - _EARLIER
        seconds = float(told)
        return datetime.fromtimestamp(seconds / 1_000 if seconds > _LATEST_S else seconds, _BEIJING) - _EARLIER
    except (TypeError, ValueError, OverflowError, OSError):
        return None


def _object(value: Any) -> Mapping[str, Any]:
    """Parameters and answers are JSON text, an object, an empty array (PHP's empty map), empty, or absent."""
    return _mapping(jsontext.said(value))


def _list(value: Any) -> list[Any]:
    said = jsontext.said(value)
    return said if isinstance(said, list) else []


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
