"""One sequence of calls, made on two servers in order to compare their answers."""

import contextlib

from .accounts import DATA_PLANE, REGISTRY_ADMIN
from .world import OIDC, OIDC_ARN, allow, document, trust

READ = document(allow("s3:GetObject", "arn:aws:s3:::bucket/*"))
WRITE = document(allow(["s3:GetObject", "s3:PutObject"], "arn:aws:s3:::bucket/*"))
TRUST = trust(
    {"Federated": OIDC_ARN},
    "sts:AssumeRoleWithWebIdentity",
    StringEquals={f"{OIDC}:aud": "sts.amazonaws.com", f"{OIDC}:sub": ["system:serviceaccount:a-b:default"]},
)
ROOT = trust({"AWS": f"arn:aws:iam::{DATA_PLANE}:root"})
TAGS = [{"Key": "cloudgrant:stack", "Value": "one"}, {"Key": "team", "Value": ""}]


def arn(kind, name, path="/"):
    return f"arn:aws:iam::{DATA_PLANE}:{kind}{path}{name}"


def run(say, data_plane, registry):
    """Says each step to the transcript `say`."""
    oidc_providers(say, data_plane.iam)
    policies(say, data_plane.iam)
    versions(say, data_plane.iam)
    roles(say, data_plane.iam)
    attachments(say, data_plane.iam)
    inline(say, data_plane.iam)
    bulk(say, data_plane.iam)
    sessions(say, data_plane, registry)
    repositories(say, registry)
    secrets(say, data_plane.secrets)
    cleaning_up(say, data_plane.iam)


def oidc_providers(say, iam):
    thumbprints = ["9e99a48a9960b14926bb7f3b02e22da2b0ab7280"]
    url = f"https://{OIDC}"
    say("oidc: list none", iam.list_open_id_connect_providers)
    say("oidc: get missing", iam.get_open_id_connect_provider, OpenIDConnectProviderArn=OIDC_ARN)
    create = iam.create_open_id_connect_provider
    say("oidc: create", create, Url=url, ClientIDList=["sts.amazonaws.com"], ThumbprintList=thumbprints)
    say("oidc: create again", create, Url=url, ClientIDList=["sts.amazonaws.com"], ThumbprintList=thumbprints)
    say("oidc: get", iam.get_open_id_connect_provider, OpenIDConnectProviderArn=OIDC_ARN)
    say("oidc: list", iam.list_open_id_connect_providers)


def policies(say, iam):
    path = "/cloudgrant/one/"
    create = iam.create_policy

    def undo(name):
        return lambda: iam.delete_policy(PolicyArn=arn("policy", name))

    say("policy: create", create, PolicyName="reader", Path=path, PolicyDocument=READ, Description="d", Tags=TAGS)
    say("policy: create without path", create, PolicyName="plain", PolicyDocument=READ)
    say("policy: create again", create, PolicyName="plain", PolicyDocument=WRITE)
    say.wrong("policy: create again in another case", create, undo("PLAIN"), PolicyName="PLAIN", PolicyDocument=READ)
    say.wrong("policy: no JSON", create, undo("bad"), PolicyName="bad", PolicyDocument="{")
    say.wrong("policy: no statement", create, undo("bad"), PolicyName="bad", PolicyDocument='{"Version": "2012-10-17"}')
    say.wrong(
        "policy: no resource",
        create,
        undo("bad"),
        PolicyName="bad",
        PolicyDocument=document({"Effect": "Allow", "Action": "s3:*"}),
    )
    say.wrong(
        "policy: odd effect", create, undo("bad"), PolicyName="bad", PolicyDocument=READ.replace("Allow", "allow")
    )
    say.wrong("policy: odd version", create, undo("bad"), PolicyName="bad", PolicyDocument=READ.replace("2012", "2013"))
    say.wrong(
        "policy: action without service",
        create,
        undo("bad"),
        PolicyName="bad",
        PolicyDocument=READ.replace("s3:Get", "Get"),
    )
    say.wrong(
        "policy: resource without arn",
        create,
        undo("bad"),
        PolicyName="bad",
        PolicyDocument=READ.replace("arn:aws:s3:::", ""),
    )
    twice = document(*(allow("s3:GetObject", f"arn:aws:s3:::{name}/*") | {"Sid": "Same"} for name in "ab"))
    say.wrong("policy: one Sid twice", create, undo("bad"), PolicyName="bad", PolicyDocument=twice)
    say.wrong("policy: with a principal", create, undo("bad"), PolicyName="bad", PolicyDocument=ROOT)
    long = document(allow("s3:GetObject", [f"arn:aws:s3:::{'b' * 50}/{at:04}/*" for at in range(100)]))
    say.wrong("policy: too long", create, undo("bad"), PolicyName="bad", PolicyDocument=long)
    say.wrong("policy: odd name", create, undo("a b"), PolicyName="a b", PolicyDocument=READ)
    say.wrong(
        "policy: odd path",
        create,
        lambda: iam.delete_policy(PolicyArn=arn("policy", "bad", "cloudgrant")),
        PolicyName="bad",
        Path="cloudgrant",
        PolicyDocument=READ,
    )
    reader = arn("policy", "reader", path)
    say("policy: get", iam.get_policy, PolicyArn=reader)
    say("policy: get missing", iam.get_policy, PolicyArn=arn("policy", "nobody"))
    say("policy: get at the wrong path", iam.get_policy, PolicyArn=arn("policy", "reader"))
    say("policy: list", iam.list_policies, Scope="Local")
    say("policy: list by path", iam.list_policies, Scope="Local", PathPrefix="/cloudgrant/")
    say("policy: list attached", iam.list_policies, Scope="Local", OnlyAttached=True)
    say("policy: tags", iam.list_policy_tags, PolicyArn=reader)
    say("policy: tag", iam.tag_policy, PolicyArn=reader, Tags=[{"Key": "team", "Value": "ml"}])
    say("policy: untag", iam.untag_policy, PolicyArn=reader, TagKeys=["cloudgrant:stack", "nothing"])
    say("policy: tags afterwards", iam.list_policy_tags, PolicyArn=reader)
    say("policy: tag missing", iam.tag_policy, PolicyArn=arn("policy", "nobody"), Tags=TAGS)


def versions(say, iam):
    plain = arn("policy", "plain")
    create = iam.create_policy_version
    say("version: create", create, PolicyArn=plain, PolicyDocument=WRITE)
    say("version: create as default", create, PolicyArn=plain, PolicyDocument=WRITE, SetAsDefault=True)
    for at in (4, 5):
        say(f"version: create number {at}", create, PolicyArn=plain, PolicyDocument=READ)
    say("version: a sixth", create, PolicyArn=plain, PolicyDocument=READ)
    say("version: no JSON", create, PolicyArn=plain, PolicyDocument="{")
    say("version: of nothing", create, PolicyArn=arn("policy", "nobody"), PolicyDocument=READ)
    say("version: get", iam.get_policy_version, PolicyArn=plain, VersionId="v3")
    say("version: get missing", iam.get_policy_version, PolicyArn=plain, VersionId="v9")
    say("version: delete the default", iam.delete_policy_version, PolicyArn=plain, VersionId="v3")
    say("version: delete", iam.delete_policy_version, PolicyArn=plain, VersionId="v2")
    say("version: delete again", iam.delete_policy_version, PolicyArn=plain, VersionId="v2")
    say("version: numbers aren't given again", create, PolicyArn=plain, PolicyDocument=READ)
    say("version: set default", iam.set_default_policy_version, PolicyArn=plain, VersionId="v1")
    say("version: set default missing", iam.set_default_policy_version, PolicyArn=plain, VersionId="v2")
    say("version: list", iam.list_policy_versions, PolicyArn=plain)
    say("version: policy afterwards", iam.get_policy, PolicyArn=plain)
    say.wrong("version: delete the policy before them", iam.delete_policy, lambda: None, PolicyArn=plain)
    for version in ("v3", "v4", "v5", "v6"):
        # Gone already where the server let the policy go with its versions.
        with contextlib.suppress(iam.exceptions.NoSuchEntityException):
            iam.delete_policy_version(PolicyArn=plain, VersionId=version)
    with contextlib.suppress(iam.exceptions.NoSuchEntityException):
        iam.delete_policy(PolicyArn=plain)
    say("version: the policy is gone", iam.get_policy, PolicyArn=plain)


def roles(say, iam):
    path = "/cloudgrant/one/"
    create = iam.create_role

    def undo(name):
        return lambda: iam.delete_role(RoleName=name)

    say(
        "role: create",
        create,
        RoleName="worker",
        Path=path,
        AssumeRolePolicyDocument=TRUST,
        Description="d",
        MaxSessionDuration=7200,
        Tags=TAGS,
    )
    say("role: create without path", create, RoleName="plain", AssumeRolePolicyDocument=ROOT)
    say("role: create again", create, RoleName="plain", AssumeRolePolicyDocument=TRUST)
    say.wrong(
        "role: create again in another case", create, undo("PLAIN"), RoleName="PLAIN", AssumeRolePolicyDocument=TRUST
    )
    say.wrong("role: no JSON", create, undo("bad"), RoleName="bad", AssumeRolePolicyDocument="{")
    say.wrong("role: trust without principal", create, undo("bad"), RoleName="bad", AssumeRolePolicyDocument=READ)
    nobody = trust({"AWS": arn("role", "nobody")})
    say.wrong("role: trust in nobody", create, undo("bad"), RoleName="bad", AssumeRolePolicyDocument=nobody)
    say.wrong(
        "role: trust with a resource", create, undo("bad"), RoleName="bad", AssumeRolePolicyDocument=_with_resource()
    )
    long = trust({"AWS": [f"arn:aws:iam::{at:012}:root" for at in range(1, 80)]})
    say.wrong("role: trust too long", create, undo("bad"), RoleName="bad", AssumeRolePolicyDocument=long)
    say.wrong(
        "role: session too long",
        create,
        undo("bad"),
        RoleName="bad",
        AssumeRolePolicyDocument=ROOT,
        MaxSessionDuration=50000,
    )
    say.wrong("role: odd name", create, undo("a b"), RoleName="a b", AssumeRolePolicyDocument=ROOT)
    say("role: get", iam.get_role, RoleName="worker")
    say("role: get missing", iam.get_role, RoleName="nobody")
    say("role: list", iam.list_roles, PathPrefix="/cloudgrant/")
    say("role: tags", iam.list_role_tags, RoleName="worker")
    say("role: tag", iam.tag_role, RoleName="worker", Tags=[{"Key": "team", "Value": "ml"}])
    say("role: untag", iam.untag_role, RoleName="worker", TagKeys=["cloudgrant:stack", "nothing"])
    say("role: tags afterwards", iam.list_role_tags, RoleName="worker")
    say("role: tag missing", iam.tag_role, RoleName="nobody", Tags=TAGS)
    say("role: update trust", iam.update_assume_role_policy, RoleName="plain", PolicyDocument=TRUST)
    say("role: update trust, no JSON", iam.update_assume_role_policy, RoleName="plain", PolicyDocument="{")
    say("role: update trust of nobody", iam.update_assume_role_policy, RoleName="nobody", PolicyDocument=TRUST)
    say("role: update", iam.update_role, RoleName="plain", Description="other", MaxSessionDuration=3600)
    say("role: update missing", iam.update_role, RoleName="nobody", Description="other")
    say("role: get afterwards", iam.get_role, RoleName="plain")
    say("role: instance profiles", iam.list_instance_profiles_for_role, RoleName="plain")


def _with_resource():
    return ROOT.replace('"Effect"', '"Resource": "*", "Effect"')


def attachments(say, iam):
    reader = arn("policy", "reader", "/cloudgrant/one/")
    say("attachment: none", iam.list_attached_role_policies, RoleName="worker")
    say("attachment: attach", iam.attach_role_policy, RoleName="worker", PolicyArn=reader)
    say("attachment: attach nothing", iam.attach_role_policy, RoleName="worker", PolicyArn=arn("policy", "nobody"))
    say("attachment: attach to nobody", iam.attach_role_policy, RoleName="nobody", PolicyArn=reader)
    say("attachment: list", iam.list_attached_role_policies, RoleName="worker")
    say("attachment: list by path", iam.list_attached_role_policies, RoleName="worker", PathPrefix="/other/")
    say("attachment: list of nobody", iam.list_attached_role_policies, RoleName="nobody")
    say("attachment: entities", iam.list_entities_for_policy, PolicyArn=reader)
    say("attachment: count", iam.get_policy, PolicyArn=reader)
    say("attachment: delete a role that has one", iam.delete_role, RoleName="worker")
    made = [iam.create_policy(PolicyName=f"many-{at}", PolicyDocument=READ)["Policy"]["Arn"] for at in range(10)]
    for at, policy in enumerate(made[:9]):
        say(f"attachment: number {at + 2}", iam.attach_role_policy, RoleName="worker", PolicyArn=policy)

    def undo():
        iam.detach_role_policy(RoleName="worker", PolicyArn=made[9])

    say.wrong("attachment: number 11", iam.attach_role_policy, undo, RoleName="worker", PolicyArn=made[9])
    say("attachment: list many", iam.list_attached_role_policies, RoleName="worker")
    iam.delete_policy(PolicyArn=made[9])


def inline(say, iam):
    say("inline: put", iam.put_role_policy, RoleName="worker", PolicyName="own", PolicyDocument=READ)
    say("inline: put again", iam.put_role_policy, RoleName="worker", PolicyName="own", PolicyDocument=WRITE)
    say("inline: no JSON", iam.put_role_policy, RoleName="worker", PolicyName="bad", PolicyDocument="{")
    say("inline: put to nobody", iam.put_role_policy, RoleName="nobody", PolicyName="own", PolicyDocument=READ)
    say("inline: get", iam.get_role_policy, RoleName="worker", PolicyName="own")
    say("inline: get missing", iam.get_role_policy, RoleName="worker", PolicyName="none")
    say("inline: list", iam.list_role_policies, RoleName="worker")


def bulk(say, iam):
    say("bulk: roles", iam.get_account_authorization_details, Filter=["Role"])
    say("bulk: policies", iam.get_account_authorization_details, Filter=["LocalManagedPolicy"])
    say("bulk: both", iam.get_account_authorization_details, Filter=["Role", "LocalManagedPolicy"])


def sessions(say, data_plane, registry):
    say("session: assume", data_plane.sts.assume_role, RoleArn=REGISTRY_ADMIN, RoleSessionName="tests")
    say("session: odd name", data_plane.sts.assume_role, RoleArn=REGISTRY_ADMIN, RoleSessionName="x" * 65)
    session = registry.assume(REGISTRY_ADMIN)
    say("session: who", session.sts.get_caller_identity)


def repositories(say, account):
    statement = {"Sid": "Pull", "Effect": "Allow", "Principal": "*", "Action": ["ecr:BatchGetImage"]}
    ecr, name = account.ecr, {"repositoryName": "team/other"}
    say("repository: policy of nothing", ecr.get_repository_policy, **name)
    say("repository: create", ecr.create_repository, **name)
    say("repository: create again", ecr.create_repository, **name)
    say("repository: describe", ecr.describe_repositories, repositoryNames=["team/other"])
    say("repository: describe missing", ecr.describe_repositories, repositoryNames=["team/nothing"])
    say("repository: no policy", ecr.get_repository_policy, **name)
    say("repository: delete no policy", ecr.delete_repository_policy, **name)
    say("repository: set policy", ecr.set_repository_policy, **name, policyText=document(statement))
    say("repository: get policy", ecr.get_repository_policy, **name)
    put = ecr.set_repository_policy

    def undo():
        put(**name, policyText=document(statement))

    say.wrong("repository: no JSON", put, undo, **name, policyText="{")
    say.wrong("repository: without principal", put, undo, **name, policyText=document(_without_principal(statement)))
    ghost = statement | {"Principal": {"AWS": arn("role", "nobody")}}
    say.wrong("repository: nobody as principal", put, undo, **name, policyText=document(ghost))
    everything = statement | {"Resource": "*"}
    say.wrong("repository: with a resource", put, undo, **name, policyText=document(everything))
    say("repository: policy is as it was", ecr.get_repository_policy, **name)
    say("repository: delete policy", ecr.delete_repository_policy, **name)
    say("repository: policy is gone", ecr.get_repository_policy, **name)
    say("repository: delete", ecr.delete_repository, **name)
    say("repository: delete again", ecr.delete_repository, **name)


def _without_principal(statement):
    return {key: value for key, value in statement.items() if key != "Principal"}


def secrets(say, client):
    token, second = "00000000-0000-0000-0000-00000000000a", "00000000-0000-0000-0000-00000000000b"
    made = say("secret: create", client.create_secret, Name="group/key", SecretString="one", ClientRequestToken=token)
    say("secret: create again", client.create_secret, Name="group/key", SecretString="two", ClientRequestToken=second)
    say("secret: describe", client.describe_secret, SecretId="group/key")
    say("secret: describe by ARN", client.describe_secret, SecretId=made["ARN"])
    say("secret: describe by ARN without suffix", client.describe_secret, SecretId=made["ARN"][:-7])
    say("secret: describe missing", client.describe_secret, SecretId="nothing")
    say("secret: value", client.get_secret_value, SecretId="group/key")
    say("secret: put", client.put_secret_value, SecretId="group/key", SecretString="two", ClientRequestToken=second)
    say("secret: value afterwards", client.get_secret_value, SecretId=made["ARN"])
    say("secret: value before", client.get_secret_value, SecretId="group/key", VersionStage="AWSPREVIOUS")
    say("secret: list", client.list_secrets, Filters=[{"Key": "name", "Values": ["group/"]}])
    say("secret: tag", client.tag_resource, SecretId="group/key", Tags=TAGS)
    say("secret: described with tags", client.describe_secret, SecretId="group/key")
    say("secret: untag", client.untag_resource, SecretId="group/key", TagKeys=["team"])
    say("secret: delete", client.delete_secret, SecretId="group/key", RecoveryWindowInDays=7)
    say("secret: value of a deleted one", client.get_secret_value, SecretId="group/key")
    say("secret: restore", client.restore_secret, SecretId="group/key")
    say("secret: value of a restored one", client.get_secret_value, SecretId="group/key")
    say("secret: delete for good", client.delete_secret, SecretId="group/key", ForceDeleteWithoutRecovery=True)


def cleaning_up(say, iam):
    # Not before the bulk answers, which tell how often a policy is attached.
    many = arn("policy", "many-0")
    say("attachment: attach again", iam.attach_role_policy, RoleName="worker", PolicyArn=many)
    say("attachment: counted once", iam.get_policy, PolicyArn=many)
    reader = arn("policy", "reader", "/cloudgrant/one/")
    say("cleaning: detach", iam.detach_role_policy, RoleName="worker", PolicyArn=reader)
    say("cleaning: detach again", iam.detach_role_policy, RoleName="worker", PolicyArn=reader)
    for at in range(9):
        made = arn("policy", f"many-{at}")
        say(f"cleaning: detach {at}", iam.detach_role_policy, RoleName="worker", PolicyArn=made)
        say(f"cleaning: delete policy {at}", iam.delete_policy, PolicyArn=made)
    say("cleaning: role with an inline policy", iam.delete_role, RoleName="worker")
    say("cleaning: inline", iam.delete_role_policy, RoleName="worker", PolicyName="own")
    say("cleaning: inline again", iam.delete_role_policy, RoleName="worker", PolicyName="own")
    for name in ("worker", "plain"):
        say(f"cleaning: role {name}", iam.delete_role, RoleName=name)
    say("cleaning: role again", iam.delete_role, RoleName="worker")
    say("cleaning: policy", iam.delete_policy, PolicyArn=reader)
    say("cleaning: policy again", iam.delete_policy, PolicyArn=reader)
    say("cleaning: oidc", iam.delete_open_id_connect_provider, OpenIDConnectProviderArn=OIDC_ARN)
    say("cleaning: oidc again", iam.delete_open_id_connect_provider, OpenIDConnectProviderArn=OIDC_ARN)
    say("cleaning: no roles", iam.list_roles, PathPrefix="/cloudgrant/")
