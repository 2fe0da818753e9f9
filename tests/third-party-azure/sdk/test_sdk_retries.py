"""Microsoft's clients wait and try again by themselves, if what they are told is what Azure tells them."""

import time

import pytest
from azure.core.exceptions import HttpResponseError
from azure_support import ids

WRITE = "Microsoft.ManagedIdentity/userAssignedIdentities/write"


def test_throttling_is_waited_out(azure, home):
    azure.identity(ids.GROUP, "before")
    home.knobs("throttle-next=2")
    began = time.monotonic()
    azure.identity(ids.GROUP, "worker")
    # Without Retry-After it would have been a few tenths: the clients here are impatient.
    assert time.monotonic() - began >= 2
    assert home.count(WRITE) == 1 + 3


def test_server_errors_are_tried_again(azure, home):
    azure.identity(ids.GROUP, "before")
    home.knobs("errors-next=2")
    azure.identity(ids.GROUP, "worker")
    assert home.count(WRITE) == 1 + 3


def test_refusals_are_not(azure, home):
    with pytest.raises(HttpResponseError):
        azure.identity(ids.GROUP, "wo")
    assert home.count(WRITE) == 1


def test_a_throttled_login_is_waited_out(azure, home):
    home.knobs("throttle-next=1")
    assert [group.name for group in azure.groups.list()] == [ids.GROUP]
