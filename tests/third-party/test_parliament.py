"""parliament, a linter of IAM policies, on every document that cloudgrant can come to."""

import json
import warnings

import pytest
from support import examples, manifest, scenario, world

with warnings.catch_warnings():
    # It reads its data with pkg_resources, which is on its way out.
    warnings.simplefilter("ignore")
    import parliament

LEVELS = {
    "s3://acme-training": ["list", "read", "write", "read-write", "manage"],
    "s3://acme-training/inputs/": ["list", "read", "write", "read-write", "manage"],
    "arn:aws:s3:::acme-models/a/b/*": ["list", "read", "write", "read-write", "manage"],
    world.secret_arn("labels-token"): ["read"],
    world.secret_arn("signing-key"): ["read"],
    world.secret_arn("labels-token")[:-7]: ["read"],
    "111122223333.dkr.ecr.us-west-2.amazonaws.com/team/own": ["pull", "push"],
}

# Findings that are no fault, as (issue, actions), each with the reason.
ALLOWED = {
    (
        "CREDENTIALS_EXPOSURE",
        ("ecr:getauthorizationtoken",),
    ): "the token of `docker login` is what pulling takes; it can do no more than the role that asks for it",
}


def findings(document):
    found = parliament.analyze_policy_string(json.dumps(document), include_community_auditors=True).findings
    return [
        (one.issue, one.detail, one.location)
        for one in found
        if (one.issue, tuple(one.location.get("actions", ()))) not in ALLOWED
    ]


def identity_policies(explained):
    """The documents of all policies, by name: those for task code, and those that name places."""
    objects = [one for part in ("grants", "registries") for asked in explained[part] for one in asked["objects"]]
    return {one["name"]: one["attributes"]["document"] for one in objects if one["kind"] == "iam-policy"}


def test_parliament_finds_what_is_wrong():
    """Whether the linter looks at all: it must object to these."""
    for action, resource in (("s3:Gobble", "*"), ("s3:GetObject", "arn:aws:s3:::acme-training"), ("s3:*", "*")):
        document = json.loads(world.document(world.allow([action], [resource])))
        if action == "s3:*":
            document["Statement"][0]["Condition"] = {"StringLike": {"s3:gobble": "x"}}
        assert findings(document), (action, resource)


@pytest.mark.parametrize(
    "locator, level",
    [(locator, level) for locator, levels in LEVELS.items() for level in levels],
    ids=lambda value: value.rsplit(":", 1)[-1],
)
def test_no_level_of_any_kind_has_findings(cloudgrant, locator, level):
    content = manifest.manifest(
        resources={"thing": locator},
        grants=[
            manifest.grant("everybody", thing=level),
            manifest.grant("vision", {"project": "vision", "domain": "staging"}, thing=level),
        ],
    )
    explained = cloudgrant.run("explain", "--file", manifest.write(cloudgrant.folder, content), "--output", "json").json
    policies = identity_policies(explained)
    # Both are granted the same, and share it.
    assert [name.rsplit(".", 1)[0] for name in policies] == [f"cloudgrant_{scenario.STACK}_shared"]
    for name, document in policies.items():
        assert document["Statement"], name
        assert findings(document) == [], name


def registered(cloudgrant):
    """A resource of each kind that is granted on one ARN, with its levels."""
    (aws,) = [one for one in cloudgrant.run("providers", "--output", "json").json["providers"] if one["name"] == "aws"]
    samples = {}
    for kind in aws["task_access"]:
        for locator in kind["locators"]:
            if locator.startswith("arn:") and kind["kind"] != "secret":
                named = locator.replace("REGION", "us-west-2").replace("ACCOUNT", "111122223333")
                named = named.replace("/ID", "/1234abcd-12ab-34cd-56ef-1234567890ab").replace("NAME", "labels")
                samples[named] = kind["levels"]
    return samples


def test_no_level_of_a_kind_that_is_granted_on_one_arn_has_findings(cloudgrant):
    """Each action is one that there is, on a resource that it takes, under conditions that it knows; with a key of one's own, too."""
    samples = registered(cloudgrant)
    assert samples
    key = "arn:aws:kms:us-west-2:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    for locator, levels in samples.items():
        for level in levels:
            for keys in ({}, {"keys": {"thing": key}}):
                if keys and ":kms:" in locator:
                    continue
                grants = [manifest.grant("everybody", thing=level)]
                content = manifest.manifest(resources={"thing": locator}, grants=grants, **keys)
                path = manifest.write(cloudgrant.folder, content)
                policies = identity_policies(cloudgrant.run("explain", "--file", path, "--output", "json").json)
                for name, document in policies.items():
                    assert document["Statement"], (locator, level)
                    assert findings(document) == [], (locator, level, name)


def test_everything_at_once_has_no_findings(cloudgrant):
    """Many grants in one policy: their statements must not get in each other's way."""
    resources, grants = {}, []
    for number, (locator, levels) in enumerate(LEVELS.items()):
        for level in levels:
            name = f"thing-{number}-{level}"
            resources[name] = locator
            grants.append({"name": f"grant-{number}-{level}", "scope": "global", "access": {name: level}})
    path = manifest.write(cloudgrant.folder, manifest.manifest(resources=resources, grants=grants))
    policies = identity_policies(cloudgrant.run("explain", "--file", path, "--output", "json").json)
    assert sum(len(document["Statement"]) for document in policies.values()) >= len(grants)
    for name, document in policies.items():
        assert findings(document) == [], name


@pytest.mark.parametrize("example", examples.ALL)
def test_no_example_has_findings(cloudgrant, example):
    explained = cloudgrant.run("explain", "--file", examples.path_of(example), "--output", "json").json
    policies = identity_policies(explained)
    assert len(policies) == len(examples.ALL[example].policies)
    for name, document in policies.items():
        assert findings(document) == [], name
