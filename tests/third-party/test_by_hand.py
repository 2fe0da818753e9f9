"""`explain` prints equivalent commands of the AWS CLI, and `export --commands` writes them. Whoever runs those has done what `apply` does."""

import os
import subprocess

from support import manifest, scenario, world


def commands(explained):
    """Each object's commands once, in the order in which they are printed."""
    objects = {(one["kind"], one["name"]): one for grant in explained["grants"] for one in grant["objects"]}
    return [command for one in objects.values() for command in one["commands"]]


def test_the_commands_do_what_apply_does(cloud, cloudgrant, tmp_path):
    content = scenario.three_scopes()
    # A hostile name can't be a grant's, but a resource's locator may hold what a shell would read.
    content["resources"]["training-data"]["aws"] = 's3://acme-training/it\'s (here) & "there"; `x`/'
    content["registries"] = []
    path = manifest.write(cloudgrant.folder, content)
    explained = cloudgrant.run("explain", "--file", path, "--output", "json").json
    lines = commands(explained)
    assert len(lines) == 3 + 2 + 7
    cloudgrant.run("export", "--file", path, "--to", tmp_path, "--commands")
    script = tmp_path / "commands" / "cloudgrant.sh"
    assert all(line in script.read_text() for line in lines)
    done = subprocess.run(
        ["bash", script],
        env=os.environ | cloud.data_plane.environment(),
        cwd=cloudgrant.folder,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    summary = cloudgrant.plan(path, "--exit-code").summary
    assert summary["unchanged"] == 12 and world.TASK_ROLE in "\n".join(lines)
