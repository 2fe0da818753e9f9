"""The AWS CLI against the sandbox, as its users run it: `cloudgrant sandbox -- aws …`."""

import json
import os
import shutil
import subprocess

import pytest
from support import manifest, scenario, world
from support.script import READ, ROOT


@pytest.fixture(scope="session", autouse=True)
def aws_is_there():
    assert shutil.which("aws"), "the AWS CLI of requirements.txt must be on PATH: run tests/run"


@pytest.fixture
def aws(anywhere):
    """Runs one command of the CLI in the sandbox of a manifest, which keeps its state between the runs."""
    path = manifest.write(anywhere.folder, scenario.three_scopes())

    def run(*arguments, expect=0):
        command = ["sandbox", "--file", path, "--", "aws", *arguments, "--output", "json"]
        result = anywhere.run(*command, expect=expect)
        return json.loads(result.stdout) if result.stdout.strip() else result.stderr

    return run


def test_the_platform_is_there(aws):
    roles = {role["RoleName"] for role in aws("iam", "list-roles")["Roles"]}
    assert {world.TASK_ROLE, world.NODE_ROLE, world.ADMIN_ROLE} <= roles
    (attached,) = [
        one
        for one in aws("iam", "list-policies", "--scope", "Local")["Policies"]
        if one["PolicyName"] == world.TASK_POLICY
    ]
    assert attached["AttachmentCount"] == 1
    providers = aws("iam", "list-open-id-connect-providers")["OpenIDConnectProviderList"]
    assert providers == [{"Arn": world.OIDC_ARN}]
    assert aws("sts", "get-caller-identity")["Account"] == "111122223333"


def test_policies_and_roles_come_and_go(aws):
    policy = aws("iam", "create-policy", "--policy-name", "reader", "--policy-document", READ)["Policy"]["Arn"]
    aws("iam", "create-role", "--role-name", "worker", "--assume-role-policy-document", ROOT)
    aws("iam", "attach-role-policy", "--role-name", "worker", "--policy-arn", policy)
    aws("iam", "tag-role", "--role-name", "worker", "--tags", "Key=team,Value=ml")
    assert aws("iam", "list-role-tags", "--role-name", "worker")["Tags"] == [{"Key": "team", "Value": "ml"}]
    assert aws("iam", "list-attached-role-policies", "--role-name", "worker")["AttachedPolicies"] == [
        {"PolicyName": "reader", "PolicyArn": policy}
    ]
    said = aws("iam", "delete-role", "--role-name", "worker", expect=255)
    assert "DeleteConflict" in said
    aws("iam", "detach-role-policy", "--role-name", "worker", "--policy-arn", policy)
    aws("iam", "delete-role", "--role-name", "worker")
    aws("iam", "delete-policy", "--policy-arn", policy)
    assert "NoSuchEntity" in aws("iam", "get-policy", "--policy-arn", policy, expect=255)


def test_secrets_and_repositories(aws):
    value = aws("secretsmanager", "get-secret-value", "--secret-id", world.secret_arn("labels-token"))
    assert value["ARN"] == world.secret_arn("labels-token") and value["SecretString"]
    assume = ("sts", "assume-role", "--role-arn", "arn:aws:iam::444455556666:role/registry-admin")
    session = aws(*assume, "--role-session-name", "tests")
    assert session["AssumedRoleUser"]["Arn"].startswith("arn:aws:sts::444455556666:assumed-role/registry-admin/")


def test_its_exit_code_is_the_command_s(anywhere):
    path = manifest.write(anywhere.folder, scenario.three_scopes())
    anywhere.run("sandbox", "--file", path, "--", "sh", "-c", "exit 7", expect=7)


def test_other_programs_find_the_sandbox_by_what_it_prints(sandbox):
    """`eval $(cloudgrant sandbox)` in one shell, `aws` in another."""
    done = subprocess.run(
        ["aws", "sts", "get-caller-identity", "--output", "json"],
        env=os.environ | sandbox.exports,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert json.loads(done.stdout)["Account"] == "111122223333"
