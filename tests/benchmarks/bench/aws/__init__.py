"""AWS: IAM policies and roles for task code, and what is attached to them."""

from .floor import floor
from .peers import peers
from .workload import Workload
from .worlds import worlds

NAME = "aws"

__all__ = ["NAME", "floor", "peers", "workload", "worlds"]


def workload(n):
    """N grants."""
    return Workload(n)
