"""A pod's own SDK in the sandbox: boto3 finds the role and the token where EKS puts them, and logs in with these alone."""

import json
import os
import subprocess
import sys
from pathlib import Path

from support import examples, pod


def test_a_pod_becomes_its_scope_s_role_and_no_other(binary, tmp_path):
    environment = {**os.environ, "CLOUDGRANT": str(binary), "CLOUDGRANT_FILE": str(examples.path_of("flyte"))}
    command = [str(binary), "sandbox", "--folder", str(tmp_path / "sandbox"), "--", sys.executable, pod.__file__]
    run = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=120)
    assert run.returncode == 0, run.stderr
    seen = json.loads(run.stdout.splitlines()[-1])
    role = Path(seen["role"]).name
    assert role == "cloudgrant_acme-flyte.f29223cd_production"
    assert seen["pods"] == {
        "the scope's own": f"arn:aws:sts::111122223333:assumed-role/{role}/pod",
        "another domain's": "AccessDenied",
        "one that ends alike": "AccessDenied",
        "a token for elsewhere": "InvalidIdentityToken",
    }
