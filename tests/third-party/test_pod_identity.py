"""EKS Pod Identity: boto3 against the sandbox, and what an apply leaves there, read back with boto3.

moto knows clusters of EKS and no associations, so that the sandbox is held against botocore's own model alone.
"""

import json
import os
import subprocess

import pytest
from support import dump, manifest, scenario, world
from support import sandbox as sandbox_server
from support.accounts import DATA_PLANE, REGION
from support.cloudgrant import Cloudgrant
from support.permissions import document, permissions
from test_by_hand import commands

CLUSTER = "acme-dataplane"
CLUSTER_ARN = f"arn:aws:eks:{REGION}:{DATA_PLANE}:cluster/{CLUSTER}"
PODS = {
    "Effect": "Allow",
    "Principal": {"Service": "pods.eks.amazonaws.com"},
    "Action": ["sts:AssumeRole", "sts:TagSession"],
}


@pytest.fixture
def eks(sandbox):
    return sandbox.data_plane.client("eks")


@pytest.fixture
def role(sandbox):
    iam = sandbox.data_plane.iam
    trust = json.dumps({"Version": "2012-10-17", "Statement": [PODS]})
    return iam.create_role(RoleName="pods", AssumeRolePolicyDocument=trust)["Role"]["Arn"]


@pytest.fixture
def cluster(eks):
    made = eks.create_cluster(name=CLUSTER, roleArn=f"arn:aws:iam::{DATA_PLANE}:role/x", resourcesVpcConfig={})
    assert made["cluster"]["arn"] == CLUSTER_ARN
    assert eks.describe_cluster(name=CLUSTER)["cluster"]["status"] == "ACTIVE"
    return CLUSTER


def make(eks, role, namespace="vision-staging", **more):
    answer = eks.create_pod_identity_association(
        clusterName=CLUSTER, namespace=namespace, serviceAccount="default", roleArn=role, **more
    )
    return answer["association"]


def test_an_association_comes_changes_and_goes(eks, cluster, role, sandbox):
    made = make(eks, role, tags={"team": "ml"})
    where = {"clusterName": CLUSTER, "associationId": made["associationId"]}
    assert made["associationArn"].startswith(f"arn:aws:eks:{REGION}:{DATA_PLANE}:podidentityassociation/{CLUSTER}/a-")
    assert eks.describe_pod_identity_association(**where)["association"] == made
    assert (made["tags"], made["disableSessionTags"]) == ({"team": "ml"}, False)
    (listed,) = eks.list_pod_identity_associations(clusterName=CLUSTER)["associations"]
    assert "roleArn" not in listed and listed["associationId"] == made["associationId"]
    trust = json.dumps({"Version": "2012-10-17", "Statement": [PODS]})
    other = sandbox.data_plane.iam.create_role(RoleName="other", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
    changed = eks.update_pod_identity_association(**where, roleArn=other, disableSessionTags=True)["association"]
    assert (changed["roleArn"], changed["disableSessionTags"]) == (other, True)
    eks.tag_resource(resourceArn=made["associationArn"], tags={"owner": "data"})
    eks.untag_resource(resourceArn=made["associationArn"], tagKeys=["team"])
    assert eks.list_tags_for_resource(resourceArn=made["associationArn"])["tags"] == {"owner": "data"}
    eks.delete_pod_identity_association(**where)
    with pytest.raises(eks.exceptions.ResourceNotFoundException):
        eks.describe_pod_identity_association(**where)


def test_refusals_are_typed_exceptions(eks, cluster, role):
    made = make(eks, role)
    with pytest.raises(eks.exceptions.ResourceInUseException) as refusal:
        make(eks, role)
    # As EKS says it: whoever lost an answer finds the association by it.
    assert refusal.value.response["Error"]["Message"] == f"Association already exists: {made['associationId']}"
    assert refusal.value.response["ResponseMetadata"]["HTTPStatusCode"] == 409
    with pytest.raises(eks.exceptions.InvalidParameterException) as refusal:
        make(eks, role + "x", "elsewhere")
    assert "Role provided in the request does not exist" in refusal.value.response["Error"]["Message"]
    with pytest.raises(eks.exceptions.InvalidParameterException):
        make(eks, role, "elsewhere", policy="{}")
    with pytest.raises(eks.exceptions.ClientError, match="AccessDenied"):
        make(eks, role.replace(DATA_PLANE, "444455556666"), "elsewhere")
    with pytest.raises(eks.exceptions.ResourceNotFoundException):
        eks.list_pod_identity_associations(clusterName="nobody")


def test_the_same_token_makes_one(eks, cluster, role):
    first, second = (make(eks, role, clientRequestToken="once") for _ in range(2))
    assert first["associationId"] == second["associationId"]


def test_lists_have_pages_and_filters(eks, cluster, role):
    for number in range(7):
        make(eks, role, f"namespace-{number}")
    pages = eks.get_paginator("list_pod_identity_associations").paginate(
        clusterName=CLUSTER, PaginationConfig={"PageSize": 3}
    )
    pages = [page["associations"] for page in pages]
    assert [len(page) for page in pages] == [3, 3, 1]
    assert len({one["namespace"] for page in pages for one in page}) == 7
    asked = {"clusterName": CLUSTER, "namespace": "namespace-4", "serviceAccount": "default"}
    assert len(eks.list_pod_identity_associations(**asked)["associations"]) == 1
    assert eks.list_pod_identity_associations(**asked | {"serviceAccount": "x"})["associations"] == []


def test_what_an_apply_leaves_is_read_back_with_boto3(binary, tmp_path):
    content = scenario.three_scopes(registries=[], binding="pod-identity")
    content["aws"]["cluster"]["name"] = CLUSTER
    path = manifest.write(tmp_path, content)
    with sandbox_server.serve(binary, tmp_path, "--file", path) as running:
        cloudgrant = Cloudgrant(binary, tmp_path, {"CLOUDGRANT_AWS__ENDPOINT": running.url} | running.exports)
        cloudgrant.apply(path)
        eks, iam = running.data_plane.client("eks"), running.data_plane.iam
        listed = eks.list_pod_identity_associations(clusterName=CLUSTER)["associations"]
        described = [
            eks.describe_pod_identity_association(clusterName=CLUSTER, associationId=one["associationId"])["association"]
            for one in listed
        ]
        staging, forecasting = scenario.ROLES
        assert {one["namespace"]: one["roleArn"] for one in described} == {
            "forecasting-staging": staging,
            "vision-staging": staging,
            "forecasting-production": forecasting,
        }
        assert {one["tags"]["cloudgrant:stack"] for one in described} == {"acme-ml"}
        roles = dump.roles(iam, scenario.PATH)
        tags = {
            "aws:RequestTag/eks-cluster-arn": CLUSTER_ARN,
            "aws:RequestTag/kubernetes-namespace": ["forecasting-staging", "vision-staging"],
            "aws:RequestTag/kubernetes-service-account": "default",
        }
        expected = permissions(document(PODS | {"Condition": {"StringEquals": tags}}))
        assert permissions(roles[staging]["trust"]) == expected
        assert world.OIDC not in json.dumps(roles[staging]["trust"])
        # Somebody edits one with their own tools: that is drift, and is put back.
        where = {"clusterName": CLUSTER, "associationId": listed[0]["associationId"]}
        eks.update_pod_identity_association(**where, disableSessionTags=True)
        assert [kind for _, kind, _ in cloudgrant.drift(path, "--exit-code", expect=3).changes()] == [
            "eks-pod-identity-association"
        ]
        cloudgrant.apply(path)
        cloudgrant.drift(path, "--exit-code")
        cloudgrant.revoke(path, "--all")
        assert eks.list_pod_identity_associations(clusterName=CLUSTER)["associations"] == []


def test_the_printed_command_makes_the_same(binary, tmp_path):
    """Whoever runs what `explain` prints with the AWS CLI has done what `apply` does."""
    content = scenario.three_scopes(registries=[], binding="pod-identity")
    content["aws"]["cluster"]["name"] = CLUSTER
    path = manifest.write(tmp_path, content)
    with sandbox_server.serve(binary, tmp_path, "--file", path) as running:
        cloudgrant = Cloudgrant(binary, tmp_path, {"CLOUDGRANT_AWS__ENDPOINT": running.url} | running.exports)
        explained = cloudgrant.run("explain", "--file", path, "--output", "json").json
        lines = commands(explained)
        assert len([line for line in lines if "create-pod-identity-association" in line]) == 3, lines
        done = subprocess.run(
            ["bash", "-euc", "\n".join(lines)],
            env=os.environ | running.exports,
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        assert done.returncode == 0, done.stderr
        summary = cloudgrant.plan(path, "--exit-code").summary
        # As by IRSA, with the mark of the cluster and three associations.
        assert summary["unchanged"] == 12 + 1 + 3
