"""The least number of requests, and the longest chain of them. Source: Azure's REST API reference, call by call.

Buckets are those of "Understand how Azure Resource Manager throttles requests" and "Managed identity best practices and
limits": Azure Resource Manager's own, those of all identities of a subscription, and those of each identity.
"""

import math

from ..cloud import Least
from .workload import PROJECTS

# As many role assignments as Azure gives in a page.
PAGE = 200
# Everybody logs in, and needs the token for everything else.
LOGIN = 1


def floor(phase, workload):
    """What nobody can do with less."""
    n, identities, credentials = workload.n, workload.identities, workload.credentials
    made = n + identities + credentials
    if phase == "apply":
        # The federated credentials of an identity come one after the other: Azure refuses them at the same time.
        return Least(
            LOGIN + made,
            LOGIN + 1 + len(PROJECTS),
            "a token; each object is made by itself, an identity before its credentials, those one after the other",
            {
                "writes": made,
                "writes of identities": identities + credentials,
                "writes of an identity": 1 + len(PROJECTS),
            },
        )
    if phase == "revoke":
        return Least(
            LOGIN + n + identities,
            LOGIN + 1,
            "a token; each role assignment and each identity, whose credentials go with it",
            {"deletes": n + identities, "deletes of identities": identities, "deletes of an identity": 1},
        )
    pages = math.ceil(n / PAGE)
    # One page after the other, or each role assignment by the name that it has from its principal.
    chain = min(pages, 2)
    read = {"reads": pages + 1 + identities, "reads of identities": identities, "reads of an identity": 1}
    reading = "a token; the role assignments in pages, the identities, and the credentials of each"
    if phase == "no-op":
        return Least(LOGIN + pages + 1 + identities, LOGIN + chain, reading, read)
    return Least(
        LOGIN + pages + 1 + identities + 2,
        LOGIN + chain + 1,
        f"{reading}; one role assignment goes and one comes",
        read | {"writes": 1, "deletes": 1},
    )
