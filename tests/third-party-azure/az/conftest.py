"""`az`, logged in at a sandbox."""

import pytest
from azure_support.az import Az


@pytest.fixture
def az(tmp_path):
    """Logs `az` in at a sandbox."""

    def make(sandbox):
        az = Az(sandbox, tmp_path)
        az.login()
        return az

    return make
