"""AWS: IAM policies and roles for task code, and what is attached to them."""

from .floor import floor
from .peers import peers
from .workload import Workload
from .worlds import worlds

NAME = "aws"
CHECKED = "exactly the right policies, roles and attachments"
# How the names of actions begin that change nothing.
READS = ("Get", "List", "Describe", "Assume", "Simulate")

__all__ = ["CHECKED", "NAME", "floor", "is_read", "peers", "workload", "worlds"]


def workload(n):
    """N grants."""
    return Workload(n)


def is_read(action):
    """Whether it changes nothing: `iam:GetRole`."""
    return action.split(":")[-1].startswith(READS)
