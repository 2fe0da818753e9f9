"""The genuine Helm beside cloudgrant: both write the same service accounts, and neither loses what is its own."""

import json

import pytest
from conftest import HELM

pytestmark = pytest.mark.skipif(not HELM, reason="HELM_PROGRAM names no program: npm, which brings Helm, is not installed")

NAMESPACE = "vision-production"
ROLE = "eks.amazonaws.com/role-arn"
OTHER = "arn:aws:iam::111122223333:role/of-the-chart"
# As --set has a key with dots in it.
SET_ROLE = "annotations." + ROLE.replace(".", "\\.")

MANIFEST = """\
version: 1
stack: acme
provider: aws
platform:
  kind: flyte
  projects: [vision]
  domains: [production]
  service_account: tasks
  delivery: kubernetes
aws:
  region: us-west-2
  account: "111122223333"
  cluster:
    oidc_provider: oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE
resources:
  training-data:
    aws: s3://acme-training/inputs/
grants:
  - name: training
    scope: { domain: production }
    access: { training-data: read }
"""

# As charts have service accounts: annotations by a value.
CHART = """\
apiVersion: v1
kind: ServiceAccount
metadata:
  name: tasks
  namespace: vision-production
  labels: { team: {{ .Values.team }} }
  annotations:
    example.com/team: {{ .Values.team }}
    {{- with .Values.annotations }}
    {{- toYaml . | nindent 4 }}
    {{- end }}
automountServiceAccountToken: {{ .Values.automount }}
---
apiVersion: v1
kind: Namespace
metadata:
  name: of-the-chart
"""


@pytest.fixture
def stack(serve_stack, tmp_path):
    stack = serve_stack(MANIFEST)
    chart = tmp_path / "chart"
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: accounts\nversion: 1.0.0\n")
    (chart / "values.yaml").write_text("team: a\nannotations: {}\nautomount: false\n")
    (chart / "templates/accounts.yaml").write_text(CHART)
    # The sandbox begins with the account, which here is the chart's to make.
    stack.kubectl("delete", "serviceaccount", "tasks", "-n", NAMESPACE)
    return stack


def upgrade(stack, *arguments, **options):
    return stack.helm("upgrade", "--install", "accounts", "chart", "-n", "releases", "--create-namespace", *arguments, **options)


def account(stack):
    return stack.get("serviceaccount", "tasks", "-n", NAMESPACE)


def annotations(stack):
    return account(stack)["metadata"]["annotations"]


def managers(stack, key):
    """Who has an annotation, each with the operation by which it came to them."""
    entries = account(stack)["metadata"]["managedFields"]
    has = lambda entry: f"f:{key}" in entry["fieldsV1"].get("f:metadata", {}).get("f:annotations", {})
    return sorted((entry["manager"].rsplit(".", 1)[0], entry["operation"]) for entry in entries if has(entry))


def revisions(stack):
    found = json.loads(stack.helm("history", "accounts", "-n", "releases", "-o", "json"))
    return [one["status"] for one in found]


def test_a_release_is_installed_told_and_removed(stack):
    upgrade(stack, "--set", "team=b")
    (release,) = json.loads(stack.helm("list", "--all-namespaces", "-o", "json"))
    assert (release["name"], release["namespace"], release["status"]) == ("accounts", "releases", "deployed")
    (secret,) = stack.get("secrets", "-n", "releases")["items"]
    assert (secret["metadata"]["name"], secret["type"]) == ("sh.helm.release.v1.accounts.v1", "helm.sh/release.v1")
    assert json.loads(stack.helm("get", "values", "accounts", "-n", "releases", "-o", "json")) == {"team": "b"}
    assert annotations(stack)["meta.helm.sh/release-name"] == "accounts"
    # What is there and is nobody's release, Helm refuses to take.
    taken = upgrade(stack, "--namespace", "others", code=1)
    assert "invalid ownership metadata" in taken, taken
    stack.helm("uninstall", "accounts", "-n", "releases")
    assert "tasks" not in stack.kubectl("get", "serviceaccounts", "-n", NAMESPACE)
    assert stack.get("secrets", "-A")["items"] == []
    assert "NotFound" in stack.kubectl("get", "namespace", "of-the-chart", code=1)


@pytest.mark.parametrize("merging", [[], ["--server-side=false"]], ids=["server-side", "three-way"])
def test_helm_and_cloudgrant_keep_each_other_s_annotations(stack, merging):
    upgrade(stack, *merging)
    stack.cloudgrant("apply", "--yes")
    role = annotations(stack)[ROLE]
    assert role.startswith("arn:aws:iam::111122223333:role/cloudgrant/acme.")
    upgrade(stack, "--set", "team=b,automount=true,annotations.more=x", *merging)
    there = account(stack)
    assert (there["metadata"]["labels"]["team"], there["automountServiceAccountToken"]) == ("b", True)
    told = annotations(stack)
    assert (told[ROLE], told["example.com/team"], told["more"]) == (role, "b", "x")
    stack.cloudgrant("plan", "--exit-code")
    # What the chart no longer names goes, and ours stays; so it is where Helm goes back to what was before ours.
    upgrade(stack, "--set", "team=b", *merging)
    assert "more" not in annotations(stack)
    stack.helm("rollback", "accounts", "1", "-n", "releases", *merging)
    told = annotations(stack)
    assert (told[ROLE], told["example.com/team"]) == (role, "a")
    stack.cloudgrant("drift", "--exit-code")
    stack.cloudgrant("revoke", "--all", "--yes")
    told = annotations(stack)
    assert ROLE not in told and told["example.com/team"] == "a"
    assert told["meta.helm.sh/release-name"] == "accounts"
    upgrade(stack, "--set", "team=c", *merging)
    assert annotations(stack)["example.com/team"] == "c"
    stack.helm("uninstall", "accounts", "-n", "releases")


def test_each_refuses_to_take_the_other_s_value(stack):
    upgrade(stack)
    stack.cloudgrant("apply", "--yes")
    role = annotations(stack)[ROLE]
    refused = upgrade(stack, "--set", f"{SET_ROLE}={OTHER}", code=1)
    assert "conflict with" in refused and "cloudgrant.acme." in refused and f".metadata.annotations.{ROLE}" in refused
    assert revisions(stack) == ["deployed", "failed"]
    assert (annotations(stack)[ROLE], managers(stack, ROLE)) == (role, [("cloudgrant.acme", "Apply")])
    stack.cloudgrant("plan", "--exit-code")
    # The same value is everybody's.
    upgrade(stack, "--set", f"{SET_ROLE}={role}")
    assert managers(stack, ROLE) == [("cloudgrant.acme", "Apply"), ("helm", "Apply")]
    assert "helm" in stack.cloudgrant("revoke", "--all", "--yes", code=1)
    assert managers(stack, ROLE) == [("helm", "Apply")]
    # And the other way round: what Helm has by now, with another value, cloudgrant doesn't take.
    upgrade(stack, "--set", f"{SET_ROLE}={OTHER}")
    said = stack.cloudgrant("apply", "--yes", code=1)
    assert "`helm`" in said and ROLE in said, said
    assert annotations(stack)[ROLE] == OTHER
    # Once the chart no longer names it, nothing is in the way.
    upgrade(stack, "--reset-values")
    assert ROLE not in annotations(stack)
    stack.cloudgrant("apply", "--yes")
    assert annotations(stack)[ROLE] == role


@pytest.mark.parametrize(
    ("taking", "operation"), [(["--force-conflicts"], "Apply"), (["--server-side=false"], "Update")], ids=["forced", "three-way"]
)
def test_what_helm_takes_over_is_drift_that_names_it(stack, taking, operation):
    upgrade(stack)
    stack.cloudgrant("apply", "--yes")
    role = annotations(stack)[ROLE]
    upgrade(stack, "--set", f"{SET_ROLE}={OTHER}", *taking)
    assert (annotations(stack)[ROLE], managers(stack, ROLE)) == (OTHER, [("helm", operation)])
    drift = stack.cloudgrant("drift", "--exit-code", code=3)
    assert OTHER in drift and role in drift and "`helm`" in drift, drift
    assert "`helm`" in stack.cloudgrant("apply", "--yes", code=1)
    stack.kubectl("annotate", "serviceaccount", "tasks", "-n", NAMESPACE, f"{ROLE}-")
    stack.cloudgrant("apply", "--yes")
    assert annotations(stack)[ROLE] == role
