"""The least number of requests, and the longest chain of them. Source: the IAM API reference, action by action."""

import math

from ..cloud import Least

# The largest page of GetAccountAuthorizationDetails, of which AWS may return less.
PAGE = 1000


def floor(phase, workload):
    """What nobody can do with less."""
    n = workload.n
    # One call makes, attaches, detaches or deletes one thing: IAM has no batches.
    writes = 4 * n
    # Roles and policies can be read in two chains at once; the platform has one of each besides.
    pages = math.ceil(2 * (n + 1) / PAGE)
    chain = math.ceil((n + 1) / PAGE)
    if phase == "apply":
        return Least(writes, 2, "4N writes, no read; a policy and a role before they are attached")
    if phase == "no-op":
        return Least(pages, chain, "the pages of iam:GetAccountAuthorizationDetails")
    if phase == "change":
        return Least(pages + 1, chain + 1, "those pages, and one new version of one policy")
    return Least(writes + 1, 2, "4N writes and the changed policy's old version, no read; detached before deleted")
