"""A Tencent Cloud for one machine: the API actions this project uses, over HTTP, signed, with limits and faults.

::

    with LocalCloud() as cloud:
        client = CommonClient("vpc", "2017-03-12", Credential(cloud.secret_id, cloud.secret_key), cloud.region, profile)

What is done here and what is not, and from which document, is in docs/local-cloud.md.
"""

from localcloud.cloud import LocalCloud
from localcloud.core.account import Behaviour
from localcloud.core.call_log import Call, WriteCall
from localcloud.core.errors import ApiError, CmqError

__all__ = ["ApiError", "Behaviour", "Call", "CmqError", "LocalCloud", "WriteCall"]
