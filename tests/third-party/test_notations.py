"""YAML, TOML and JSON mean the same."""

import json

import pytest
from support import manifest

TOML = """
version = 1
stack = "acme-ml"
provider = "aws"

[platform]
kind = "union"
organization = "acme"
projects = ["forecasting", "vision"]
domains = ["development", "staging", "production"]

[aws]
region = "us-west-2"
account = "111122223333"
cluster = { oidc_provider = "oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE" }

[aws.accounts.444455556666]
assume_role = "arn:aws:iam::444455556666:role/registry-admin"

[resources.training-data]
aws = "s3://acme-training/inputs/"

[[grants]]
name = "in-production"
scope = { domain = "production" }
access = { training-data = "read" }
"""

YAML = """
version: 1
stack: acme-ml
provider: aws
platform:
  kind: union
  organization: acme
  projects: [forecasting, vision]
  domains:
    - development
    - staging
    - production
aws:
  region: us-west-2
  account: "111122223333"
  cluster:
    oidc_provider: oidc.eks.us-west-2.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE
  accounts:
    "444455556666": { assume_role: "arn:aws:iam::444455556666:role/registry-admin" }
resources:
  training-data: { aws: s3://acme-training/inputs/ }
grants:
  - name: in-production
    scope: { domain: production }
    access: { training-data: read }
"""

JSON = json.dumps(
    manifest.manifest(
        resources={"training-data": "s3://acme-training/inputs/"},
        grants=[manifest.grant("in-production", {"domain": "production"}, training_data="read")],
    ),
    indent="\t",
)

NOTATIONS = {"yaml": YAML, "toml": TOML, "json": JSON}


@pytest.mark.parametrize("notation", NOTATIONS)
def test_a_notation_is_understood(cloudgrant, notation):
    path = cloudgrant.folder / f"cloudgrant.{notation}"
    path.write_text(NOTATIONS[notation], encoding="utf-8")
    # Two policies and roles would be two scopes; here are one of each and two attachments.
    assert cloudgrant.plan(path).summary["create"] == 4


def test_they_mean_the_same(cloudgrant):
    plans = []
    for notation, text in NOTATIONS.items():
        path = cloudgrant.folder / f"cloudgrant.{notation}"
        path.write_text(text, encoding="utf-8")
        plans.append(cloudgrant.plan(path).json)
    assert plans[0] == plans[1] == plans[2]


def test_json_with_a_mistake_is_refused_with_its_place(cloudgrant):
    path = cloudgrant.folder / "cloudgrant.json"
    path.write_text(JSON.replace('"grants"', '"grant"'), encoding="utf-8")
    said = cloudgrant.run("plan", "--file", path, expect=2)
    line = JSON[: JSON.index('"grants"')].count("\n") + 1
    assert f"cloudgrant.json:{line}" in said.stderr and "`grants`" in said.stderr, said
