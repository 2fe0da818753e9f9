"""cloudgrant as most people run it: logged in with `az login`; and `az` where nobody logged in, run in the sandbox."""

import json
import os
import subprocess

import pytest
from azure_support import scenario
from azure_support.az import QUIET


def test_cloudgrant_uses_the_login_of_az(az, flyte):
    az = az(flyte.sandbox)
    cloudgrant = flyte.cloudgrant
    # Nothing that any other way in could use.
    settings = {name: value for name, value in cloudgrant.environment.items() if name.startswith("CLOUDGRANT_")}
    mine = ("AZURE_CONFIG_", "AZURE_CORE_", "REQUESTS_")
    own = {name: value for name, value in az.environment.items() if name.startswith(mine)}
    cloudgrant.environment = settings | own | {"CLOUDGRANT_AZURE__CREDENTIALS": "cli"}
    assert cloudgrant.apply(flyte.path).summary["create"] == 12
    assert cloudgrant.plan(flyte.path, "--exit-code").summary["unchanged"] == 12
    az("logout")
    said = cloudgrant.plan(flyte.path, expect=1)
    assert "az login" in str(said), said
    assert scenario.IDENTITY in {one.name for one in flyte.azure.identities.list_by_subscription()}


@pytest.mark.parametrize(
    "command",
    [
        ["az", "role", "assignment", "list", "--all", "-o", "json"],
        ["sh", "-c", "az group list >groups && az role assignment list --all -o json"],
        ["sh", "script"],
    ],
    ids=lambda command: " ".join(command[:2]),
)
def test_az_in_the_sandbox_needs_nothing_before(binary, tmp_path, command):
    (tmp_path / "script").write_text("az role assignment list --all -o json\n", encoding="utf-8")
    sandbox = [str(binary), "sandbox", "-q", "--provider", "azure", "--folder", "state", "--"]
    done = subprocess.run(
        [*sandbox, *command],
        cwd=tmp_path,
        env=os.environ | QUIET | {"HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
    assert {one["roleDefinitionName"] for one in json.loads(done.stdout)} == {"Owner"}
    assert not (tmp_path / ".azure").exists(), "nobody's own settings were touched"
