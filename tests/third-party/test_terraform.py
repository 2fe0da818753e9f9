"""Terraform as an oracle: it imports what cloudgrant made, and would change nothing about it."""

import re
import pytest
from support import dump, examples, terraform, world
from support.accounts import DATA_PLANE
from support.terraform import Terraform

pytestmark = pytest.mark.skipif(terraform.missing() is not None, reason=str(terraform.missing()))

# Policies, roles, attachments, and the repository's policy.
SIZES = {"quickstart": 3 + 1 + 4 + 1, "project-domain": 5 + 4 + 15}


@pytest.fixture
def folder(tmp_path):
    path = tmp_path / "terraform"
    path.mkdir()
    return path


@pytest.mark.parametrize("example", SIZES)
def test_terraform_means_the_same(cloud, cloudgrant, folder, example):
    cloudgrant.apply(examples.path_of(example))
    before = dump.account(cloud.data_plane), dump.account(cloud.registry)
    oracle = Terraform(f"{example}.tf", folder, cloud.data_plane, cloud.registry)
    changes = oracle.plan()
    assert changes == dict.fromkeys(changes, (["no-op"], True)), oracle.said
    assert len(changes) == SIZES[example]
    assert f"Plan: {SIZES[example]} to import, 0 to add, 0 to change, 0 to destroy." in oracle.said
    assert (dump.account(cloud.data_plane), dump.account(cloud.registry)) == before


def test_terraform_sees_what_is_different(cloud, cloudgrant, folder):
    """Whether the oracle looks at all: one action more in one policy must be seen."""
    cloudgrant.apply(examples.path_of("quickstart"))
    arn = examples.QUICKSTART.policy_arn("production")
    document = dump.policy_document(cloud.data_plane.iam, arn)
    document["Statement"][0]["Action"].append("s3:DeleteObject")
    cloud.data_plane.iam.create_policy_version(
        PolicyArn=arn, PolicyDocument=world.document(*document["Statement"]), SetAsDefault=True
    )
    changes = Terraform("quickstart.tf", folder, cloud.data_plane, cloud.registry).plan()
    changed = {address for address, (actions, _) in changes.items() if actions != ["no-op"]}
    assert changed == {"aws_iam_policy.production"}


# What Terraform would own whole: the repository's policy. Who is told of roles is the platform's.
OTHERS = {"ecr-policy-statement", "platform-binding"}


@pytest.mark.parametrize("example", ["quickstart", "project-domain"])
def test_terraform_makes_what_is_exported(cloud, cloudgrant, folder, tmp_path, example):
    path, delivery = examples.path_of(example), tmp_path / "delivery"
    before = dump.account(cloud.data_plane)
    cloudgrant.run("export", "--file", path, "--to", delivery, "--terraform")
    exported = delivery / "terraform" / "cloudgrant.tf"
    terraform.check_syntax(exported.parent)
    oracle = Terraform(exported, folder, cloud.data_plane, cloud.registry)
    oracle.apply()
    changes = cloudgrant.plan(path).changes()
    assert {kind for _, kind, _ in changes} <= OTHERS, changes
    assert {actions[0] for actions, _ in oracle.plan().values()} == {"no-op"}, oracle.said
    cloudgrant.run("export", "--file", path, "--to", delivery, "--terraform", "--dry-run", "--exit-code")
    oracle.destroy()
    assert dump.account(cloud.data_plane) == before


def exported(cloudgrant, manifest, delivery):
    cloudgrant.run("export", "--file", manifest, "--to", delivery, "--terraform")
    return delivery / "terraform" / "cloudgrant.tf"


def test_terraform_makes_nothing_in_another_account(cloud, cloudgrant, folder, tmp_path):
    """What is exported names no credentials: whoever's these are, only the manifest's account gets anything."""
    configuration = exported(cloudgrant, examples.path_of("project-domain"), tmp_path / "delivery")
    before = dump.account(cloud.registry)
    oracle = Terraform(configuration, folder, cloud.registry, cloud.registry)
    assert f"This configuration is for account {DATA_PLANE}" in oracle.refusal()
    assert oracle.ask("apply", "-no-color", "-auto-approve").returncode == 1
    # Nor one thing alone: each needs what looks at the account.
    role = re.search(r'^resource "(aws_iam_role)" "(.+)" {$', configuration.read_text(), re.MULTILINE)
    one = oracle.ask("apply", "-no-color", "-auto-approve", f"-target={role[1]}.{role[2]}")
    assert one.returncode == 1 and f"for account {DATA_PLANE}" in one.stdout + one.stderr
    assert dump.account(cloud.registry) == before


def test_terraform_makes_associations_in_the_cluster_s_region_alone(cloud, cloudgrant, folder, tmp_path):
    """A cluster of the same name may be in another region, too."""
    manifest = tmp_path / "cloudgrant.yaml"
    text = examples.path_of("project-domain").read_text(encoding="utf-8")
    bound = text.replace("  cluster:\n", "  binding: pod-identity\n  cluster:\n    name: blue\n", 1)
    assert bound != text
    manifest.write_text(bound, encoding="utf-8")
    delivery = tmp_path / "delivery"
    # There is no EKS in moto: the configuration follows from the manifest, and Terraform only plans.
    cloudgrant.run("export", "--file", manifest, "--to", delivery, "--terraform", f"--sandbox={tmp_path / 'sandbox'}")
    configuration = delivery / "terraform" / "cloudgrant.tf"
    oracle = Terraform(configuration, folder, cloud.data_plane, cloud.registry)
    assert "This configuration is for region us-west-2" in oracle.refusal(region="eu-west-1")
    associations = [address for address in oracle.plan() if address.startswith("aws_eks_pod_identity_association.")]
    assert associations, oracle.said


def test_terraform_takes_no_version_that_nobody_tried(cloud, cloudgrant, folder, tmp_path):
    configuration = exported(cloudgrant, examples.path_of("project-domain"), tmp_path / "delivery")
    oracle = Terraform(configuration, folder, cloud.data_plane, cloud.registry)
    versions = folder / "cloudgrant_versions.tf"
    text = versions.read_text(encoding="utf-8")
    assert 'source  = "hashicorp/aws"' in text
    # The same constraint without the version that is here.
    versions.write_text(text.replace(">= 5.29.0, < 7.0.0", ">= 6.0.0, < 7.0.0"), encoding="utf-8")
    assert oracle.ask("init", "-no-color").returncode == 1
    versions.write_text(text, encoding="utf-8")
    oracle.run("init", "-no-color")


def test_terraform_reads_what_is_exported_of_azure(cloudgrant, tmp_path):
    """There is no provider of Azure's here: its language alone is held against it."""
    delivery = tmp_path / "delivery"
    manifest = examples.path_of("domains")
    arguments = ["export", "--file", manifest, "--to", delivery, "--terraform"]
    # The identities aren't there yet, which the platform's files need: Terraform makes them first.
    cloudgrant.run(*arguments, f"--sandbox={tmp_path / 'sandbox'}")
    terraform.check_syntax(delivery / "terraform")
