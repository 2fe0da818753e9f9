"""The repository in another account: two sets of credentials, one document with several authors."""

from support import dump, manifest, scenario, world
from support.cloudgrant import Cloudgrant


def registry_only(**aws):
    return manifest.manifest(registries=[scenario.REGISTRY], **aws)


def statements(cloud):
    policy = dump.repositories(cloud.registry.ecr)[world.REPOSITORY]
    return {statement["Sid"]: statement for statement in policy["Statement"]}


def test_the_statement_is_merged_and_the_foreign_one_survives(cloud, cloudgrant):
    """Requirements 30 to 33."""
    foreign = statements(cloud)
    cloudgrant.apply(manifest.write(cloudgrant.folder, registry_only()))
    merged = statements(cloud)
    assert {sid: merged[sid] for sid in foreign} == foreign
    (ours,) = (statement for sid, statement in merged.items() if sid not in foreign)
    assert ours.pop("Sid").startswith("AllowPull")
    assert ours == {"Action": scenario.PULL_ACTIONS, "Effect": "Allow", "Principal": {"AWS": [world.NODE_ROLE_ARN]}}


def test_two_stacks_have_a_statement_each(cloud, cloudgrant):
    first, second = registry_only(), registry_only() | {"stack": "other"}
    cloudgrant.apply(manifest.write(cloudgrant.folder, first, "first.yaml"))
    alone = statements(cloud)
    cloudgrant.apply(manifest.write(cloudgrant.folder, second, "second.yaml"))
    assert len(statements(cloud)) == 3
    cloudgrant.revoke(cloudgrant.folder / "second.yaml", "--all")
    assert statements(cloud) == alone


def test_without_credentials_for_the_other_account_it_is_handed_off(cloud, cloudgrant):
    """Requirement 34. The document of the handoff is all that its owner needs."""
    before = dump.account(cloud.registry)
    counted = cloud.server.counts().get("ecr:SetRepositoryPolicy", 0)
    path = manifest.write(cloudgrant.folder, registry_only(accounts={}))
    result = cloudgrant.apply(path)
    assert result.summary["handoff"] == 1 and result.summary["create"] == 0, result
    assert dump.account(cloud.registry) == before
    assert cloud.server.counts().get("ecr:SetRepositoryPolicy", 0) == counted

    (handoff,) = [change for change in cloudgrant.plan(path).json["changes"] if change["action"] == "handoff"]
    said = str(handoff)
    for part in ("444455556666", world.REPOSITORY, world.NODE_ROLE_ARN, *scenario.PULL_ACTIONS):
        assert part in said, f"the handoff doesn't say {part}:\n{said}"


def test_the_own_account_needs_nothing(cloud, cloudgrant):
    """Requirement 11."""
    cloud.data_plane.ecr.create_repository(repositoryName="team/own")
    own = scenario.REGISTRY | {"aws": "111122223333.dkr.ecr.us-west-2.amazonaws.com/team/own"}
    path = manifest.write(cloudgrant.folder, manifest.manifest(registries=[own]))
    result = cloudgrant.apply(path)
    assert result.summary["create"] == 0, result
    assert dump.repositories(cloud.data_plane.ecr) == {"team/own": None}
    assert "trainer-images" in str(cloudgrant.plan(path).json["notes"]), "it should say why there is nothing to do"


def test_pushing_is_no_business_of_nodes(cloudgrant):
    """Infrastructure pulls. Task code that pushes has a grant for it; see the documents of every level."""
    path = manifest.write(cloudgrant.folder, manifest.manifest(registries=[scenario.REGISTRY | {"access": "push"}]))
    said = cloudgrant.run("plan", "--file", path, expect=2)
    assert "push" in said.stderr and "pull" in said.stderr, said


def pulled_by_tasks():
    """Task code of one domain, and of everybody, may pull from the repository in the other account."""
    return manifest.manifest(
        resources={"trainer": scenario.REGISTRY["aws"]},
        grants=[
            manifest.grant("trainer-for-all", trainer="pull"),
            manifest.grant("trainer-in-staging", {"domain": "staging"}, trainer="push"),
        ],
    )


def check_pulled_by_tasks(cloud, cloudgrant):
    before = dump.account(cloud.data_plane), dump.account(cloud.registry)
    path = manifest.write(cloudgrant.folder, pulled_by_tasks())
    cloudgrant.apply(path)
    ours = [statement for sid, statement in statements(cloud).items() if sid not in ("BuildersPush",)]
    staging = scenario.role_arn(f"cloudgrant_{scenario.STACK}_staging")
    everybody = f"arn:aws:iam::111122223333:role/{world.TASK_ROLE}"
    allowed = {(who, action) for one in ours for who in one["Principal"]["AWS"] for action in one["Action"]}
    pushing = ["ecr:CompleteLayerUpload", "ecr:InitiateLayerUpload", "ecr:PutImage", "ecr:UploadLayerPart"]
    assert allowed == {(everybody, action) for action in scenario.PULL_ACTIONS} | {
        (staging, action) for action in [*scenario.PULL_ACTIONS, *pushing]
    }
    cloudgrant.plan(path, "--exit-code")
    cloudgrant.revoke(path, "--all")
    assert (dump.account(cloud.data_plane), dump.account(cloud.registry)) == before


def test_task_code_that_pulls_is_let_in_on_both_sides(cloud, cloudgrant):
    check_pulled_by_tasks(cloud, cloudgrant)


def test_task_code_that_pulls_is_let_in_where_principals_are_checked(sandbox, binary, tmp_path):
    """The same in the sandbox, which as AWS refuses a principal that isn't there, and shows the unique id of one
    that is gone: a role must come before the statement that names it, and go after it."""
    world.prepare_identities(sandbox.data_plane, sandbox.registry)
    check_pulled_by_tasks(sandbox, Cloudgrant(binary, tmp_path, sandbox.exports))
