"""Secrets: the narrowest ARN, customer-managed keys, and what can't be mounted."""

from support import dump, manifest, scenario, world
from support.permissions import document, permissions

GET = "secretsmanager:GetSecretValue"


def granting(locator, **aws):
    return manifest.manifest(
        resources={"token": locator}, grants=[manifest.grant("token-for-all", token="read")], **aws
    )


def applied(cloud, cloudgrant, content):
    cloudgrant.apply(manifest.write(cloudgrant.folder, content))
    return permissions(dump.policy_document(cloud.data_plane.iam, scenario.GLOBAL))


def test_a_secret_under_the_default_key_needs_no_kms(cloud, cloudgrant):
    arn = world.secret_arn("labels-token")
    expected = document({"Effect": "Allow", "Action": GET, "Resource": arn})
    assert applied(cloud, cloudgrant, granting(arn)) == permissions(expected)


def test_a_secret_under_a_customer_managed_key_needs_decrypt_on_it(cloud, cloudgrant):
    """Requirement 37. The key is only for this secret's sake: a condition may narrow the use of it."""
    arn = world.secret_arn("signing-key")
    found = applied(cloud, cloudgrant, granting(arn))
    kms = {entry for entry in found if entry[2].startswith("kms:")}
    assert found - kms == permissions(document({"Effect": "Allow", "Action": GET, "Resource": arn}))
    assert [(effect, action, resource) for effect, _, action, resource, _ in kms] == [
        ("Allow", "kms:Decrypt", cloud.key)
    ]


def test_a_secret_named_without_its_six_characters_is_looked_up(cloud, cloudgrant):
    """Requirement 39: in the policy stands one secret, neither a bare name nor a star."""
    whole = world.secret_arn("labels-token")
    found = applied(cloud, cloudgrant, granting(whole[:-7]))
    assert {resource for _, _, _, resource, _ in found} <= {whole, whole[:-6] + "??????"}
    assert found


def test_a_key_value_secret_is_refused(cloud, cloudgrant):
    """Requirement 36."""
    content = granting(world.secret_arn("database"), inspect_secrets=True)
    said = cloudgrant.run("apply", "--file", manifest.write(cloudgrant.folder, content), "--yes", expect=None)
    assert said.code in (1, 2), said
    assert "database" in said.stderr and "plain" in said.stderr, said
    assert dump.policies(cloud.data_plane.iam, scenario.PATH) == {}


def test_a_secret_of_another_region_is_refused(cloudgrant):
    """Requirement 35."""
    arn = world.secret_arn("labels-token").replace("us-west-2", "eu-central-1")
    said = cloudgrant.run("plan", "--file", manifest.write(cloudgrant.folder, granting(arn)), expect=2)
    assert "eu-central-1" in said.stderr and "us-west-2" in said.stderr, said


def warnings_of(cloudgrant, locator):
    content = granting(locator)
    # Every secret at once takes that.
    content["resources"]["token"]["force"] = locator.endswith(":*")
    plan = cloudgrant.plan(manifest.write(cloudgrant.folder, content)).json
    return [note["message"] for note in plan["notes"] if note["level"] == "warning"]


def test_all_secrets_at_once_are_warned_of(cloudgrant):
    """Requirement 38. One secret by its name is nothing to warn of."""
    one = world.secret_arn("labels-token")
    # Requirement 42 is a warning of every secret.
    (never,) = warnings_of(cloudgrant, one)
    assert "never return a secret's value" in never
    (warning,) = [one for one in warnings_of(cloudgrant, one.rsplit(":", 1)[0] + ":*") if one != never]
    assert "every secret" in warning


def test_values_are_never_shown(cloud, cloudgrant):
    """Neither in what is printed, at the highest level of detail, nor in what is written."""
    secret = "correct-horse-battery-staple"
    cloud.data_plane.secrets.put_secret_value(SecretId="labels-token", SecretString=secret)
    content = granting(world.secret_arn("labels-token"), inspect_secrets=True)
    said = cloudgrant.apply(manifest.write(cloudgrant.folder, content), "-vv")
    assert cloud.server.counts()["secretsmanager:GetSecretValue"] > 0, "the value was not even read"
    assert secret not in said.stdout + said.stderr
    assert not [path for path in cloudgrant.folder.rglob("*") if path.is_file() and secret in path.read_text()]
