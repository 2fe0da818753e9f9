"""Azure: role assignments for task code, the identities that have them, and whom those trust."""

from .floor import floor
from .peers import peers
from .workload import Workload
from .worlds import worlds

NAME = "azure"
CHECKED = "exactly the right identities, federated credentials and role assignments"

__all__ = ["CHECKED", "NAME", "floor", "is_read", "peers", "workload", "worlds"]


def workload(n):
    """N grants."""
    return Workload(n)


def is_read(action):
    """Whether it changes nothing: `Microsoft.Authorization/roleAssignments/read`, and whatever belongs to a login."""
    return action.endswith("/read") or action.startswith(("entra/", "metadata/"))
