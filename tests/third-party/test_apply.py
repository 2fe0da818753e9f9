"""What an apply leaves in AWS, read back with boto3 and held against documents written by hand."""

import yaml
from support import dump, manifest, scenario, world
from support.permissions import permissions


def apply(cloudgrant, content):
    path = manifest.write(cloudgrant.folder, content)
    cloudgrant.apply(path)
    return path


def ours(cloud):
    iam = cloud.data_plane.iam
    return dump.policies(iam, scenario.PATH), dump.roles(iam, scenario.PATH)


def test_policies_are_what_the_requirements_say(cloud, cloudgrant):
    apply(cloudgrant, scenario.three_scopes())
    policies, _ = ours(cloud)
    assert set(policies) == set(scenario.POLICIES)
    for arn, expected in scenario.POLICIES.items():
        assert permissions(policies[arn]["document"]) == permissions(expected), arn
        assert policies[arn]["tags"]["cloudgrant:stack"] == "acme-ml", arn


def test_roles_are_what_the_requirements_say(cloud, cloudgrant):
    apply(cloudgrant, scenario.three_scopes())
    _, roles = ours(cloud)
    assert set(roles) == set(scenario.ROLES)
    for arn, expected in scenario.ROLES.items():
        assert permissions(roles[arn]["trust"]) == permissions(expected["trust"]), arn
        assert set(roles[arn]["attached"]) == expected["attached"], arn
        assert roles[arn]["inline"] == {}, arn
        assert roles[arn]["tags"]["cloudgrant:stack"] == "acme-ml", arn


def test_global_grants_go_to_the_task_role_and_leave_the_rest_of_it_alone(cloud, cloudgrant):
    iam = cloud.data_plane.iam
    before = dump.roles(iam)
    apply(cloudgrant, scenario.three_scopes())
    after = {arn: role for arn, role in dump.roles(iam).items() if not arn.startswith(scenario.role_arn(""))}
    task_role = next(arn for arn in before if arn.endswith(f"role/{world.TASK_ROLE}"))
    expected = before | {
        task_role: before[task_role] | {"attached": sorted([*before[task_role]["attached"], scenario.GLOBAL])}
    }
    assert after == expected


def test_a_second_plan_has_nothing_to_do(cloudgrant):
    path = apply(cloudgrant, scenario.three_scopes())
    summary = cloudgrant.plan(path, "--exit-code").summary
    assert (summary["create"], summary["update"], summary["delete"]) == (0, 0, 0)
    # Three policies and the one of a place, two roles, their seven attachments and a statement.
    assert summary["unchanged"] == 14


def test_a_second_apply_changes_nothing(cloud, cloudgrant):
    path = apply(cloudgrant, scenario.three_scopes())
    before = dump.account(cloud.data_plane), dump.account(cloud.registry)
    cloudgrant.apply(path)
    assert (dump.account(cloud.data_plane), dump.account(cloud.registry)) == before


def test_a_plan_changes_nothing(cloud, cloudgrant):
    before = dump.account(cloud.data_plane), dump.account(cloud.registry)
    path = manifest.write(cloudgrant.folder, scenario.three_scopes())
    summary = cloudgrant.plan(path).summary
    assert summary["create"] == 14
    assert (dump.account(cloud.data_plane), dump.account(cloud.registry)) == before


def test_the_binding_is_handed_to_the_platform_team(cloudgrant):
    """Requirements 24 and 25: with no endpoint of the platform, each pair's binding is somebody else's step."""
    path = manifest.write(cloudgrant.folder, scenario.three_scopes())
    changes = cloudgrant.plan(path).json["changes"]
    handoffs = [change for change in changes if change["action"] == "handoff"]
    assert {change["kind"] for change in handoffs} == {"platform-binding"}
    said = [yaml.safe_load(change["handoff"]["document"].split("\n\n")[0]) for change in handoffs]
    staging, forecasting = scenario.ROLES
    expected = [("forecasting", "staging", staging), ("vision", "staging", staging)]
    expected.append(("forecasting", "production", forecasting))
    assert said == [
        {"project": project, "domain": domain, "attributes": {"defaultUserRoleValue": arn}}
        for project, domain, arn in expected
    ]


def test_what_is_exported_is_read_by_others(cloudgrant):
    """Requirement 24: files that another YAML reader understands, with the tool's keys and no others (it reads strictly)."""
    path = manifest.write(cloudgrant.folder, scenario.three_scopes())
    folder = cloudgrant.folder / "delivery"
    cloudgrant.run("export", "--file", path, "--to", folder, expect=0)
    read = {str(file.relative_to(folder)): yaml.safe_load(file.read_text()) for file in folder.rglob("*.yaml")}
    staging, forecasting = scenario.ROLES
    roles = {"forecasting-staging": staging, "vision-staging": staging, "forecasting-production": forecasting}
    for pair, arn in roles.items():
        project, domain = pair.split("-")
        attributes = read.pop(f"cluster-resource-attributes/{pair}.yaml")
        assert attributes == {"project": project, "domain": domain, "attributes": {"defaultUserRoleValue": arn}}
        account = read.pop(f"service-accounts/{pair}.default.yaml")
        assert account == {
            "apiVersion": "v1",
            "kind": "ServiceAccount",
            "metadata": {
                "name": "default",
                "namespace": pair,
                "annotations": {"eks.amazonaws.com/role-arn": arn},
            },
        }
    patches = [{"path": f"service-accounts/{pair}.default.yaml"} for pair in roles]
    kustomization = read.pop("kustomization.yaml")
    assert (kustomization["kind"], kustomization["patches"]) == ("Component", patches)
    values = read.pop("helm/dataplane.values.yaml")
    custom = values["clusterresourcesync"]["config"]["cluster_resources"]["customData"]
    of_staging = [{"defaultUserRoleKey": {"value": "eks.amazonaws.com/role-arn"}}, {"defaultUserRoleValue": {"value": staging}}]
    assert custom == [{"staging": of_staging}]
    assert not read, "nothing else is written"


def test_the_platform_s_own_buckets_are_refused_unless_forced(cloud, cloudgrant):
    """Requirement 29."""
    content = manifest.manifest(
        resources={"metadata": "s3://union-acme-metadata"}, grants=[manifest.grant("metadata-for-all", metadata="read")]
    )
    path = manifest.write(cloudgrant.folder, content)
    said = cloudgrant.run("apply", "--file", path, "--yes", expect=2)
    assert "union-acme-metadata" in said.stderr and "force" in said.stderr, said
    assert ours(cloud) == ({}, {})
    content["resources"]["metadata"]["force"] = True
    apply(cloudgrant, content)
    assert set(ours(cloud)[0]) == {scenario.GLOBAL}


def test_a_cut_off_apply_is_mended_by_another(cloud, cloudgrant):
    """What an apply that stopped half-way leaves: the objects, without their attachments."""
    path = apply(cloudgrant, scenario.three_scopes())
    iam = cloud.data_plane.iam
    whole = dump.account(cloud.data_plane)
    for arn in scenario.ROLES:
        iam.detach_role_policy(RoleName=arn.rsplit("/", 1)[1], PolicyArn=scenario.GLOBAL)
    name = scenario.FORECASTING.rsplit("/", 1)[1]
    iam.detach_role_policy(RoleName=name, PolicyArn=scenario.FORECASTING)
    iam.delete_policy(PolicyArn=scenario.FORECASTING)
    assert dump.account(cloud.data_plane) != whole
    cloudgrant.apply(path)
    assert dump.account(cloud.data_plane) == whole
