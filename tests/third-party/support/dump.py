"""Everything that an account holds, read with boto3, without what differs by accident (dates, unique ids)."""

import json

from botocore.exceptions import ClientError


def pages(client, operation, key, **arguments):
    """All items of a paged answer."""
    for page in client.get_paginator(operation).paginate(**arguments):
        yield from page[key]


def canonical(document):
    """A policy document in one form: text and objects, single values and lists, any order of what has none."""
    if isinstance(document, str):
        document = json.loads(document)
    statements = document["Statement"]
    statements = statements if isinstance(statements, list) else [statements]
    return document | {"Statement": sorted((_statement(one) for one in statements), key=json.dumps)}


def _statement(statement):
    statement = dict(statement)
    for key in ("Action", "Resource"):
        if key in statement:
            statement[key] = _values(statement[key])
    if isinstance(statement.get("Principal"), dict):
        statement["Principal"] = {kind: _values(who) for kind, who in sorted(statement["Principal"].items())}
    if "Condition" in statement:
        statement["Condition"] = {
            operator: {key: _values(value) for key, value in sorted(keys.items())}
            for operator, keys in sorted(statement["Condition"].items())
        }
    return dict(sorted(statement.items()))


def _values(value):
    return sorted(value) if isinstance(value, list) else [value]


def tags(items):
    return {item["Key"]: item["Value"] for item in items}


def policy_document(iam, arn):
    """The default version of a policy."""
    version = iam.get_policy(PolicyArn=arn)["Policy"]["DefaultVersionId"]
    return canonical(iam.get_policy_version(PolicyArn=arn, VersionId=version)["PolicyVersion"]["Document"])


def versions(iam, arn):
    """The ids of a policy's versions."""
    return sorted(one["VersionId"] for one in iam.list_policy_versions(PolicyArn=arn)["Versions"])


def policies(iam, path="/"):
    """Customer-managed policies by ARN."""
    return {
        policy["Arn"]: {
            "description": iam.get_policy(PolicyArn=policy["Arn"])["Policy"].get("Description", ""),
            "document": policy_document(iam, policy["Arn"]),
            "tags": tags(iam.list_policy_tags(PolicyArn=policy["Arn"])["Tags"]),
            "versions": versions(iam, policy["Arn"]),
        }
        for policy in pages(iam, "list_policies", "Policies", Scope="Local", PathPrefix=path)
    }


def attached(iam, role):
    """The ARNs of the policies that a role has, sorted."""
    return sorted(
        one["PolicyArn"] for one in pages(iam, "list_attached_role_policies", "AttachedPolicies", RoleName=role)
    )


def roles(iam, path="/"):
    """Roles by ARN."""
    found = {}
    for listed in pages(iam, "list_roles", "Roles", PathPrefix=path):
        name = listed["RoleName"]
        role = iam.get_role(RoleName=name)["Role"]
        inline = pages(iam, "list_role_policies", "PolicyNames", RoleName=name)
        found[role["Arn"]] = {
            "attached": attached(iam, name),
            "description": role.get("Description", ""),
            "inline": {
                policy: canonical(iam.get_role_policy(RoleName=name, PolicyName=policy)["PolicyDocument"])
                for policy in inline
            },
            "session": role["MaxSessionDuration"],
            "tags": tags(iam.list_role_tags(RoleName=name)["Tags"]),
            "trust": canonical(role["AssumeRolePolicyDocument"]),
        }
    return found


def repositories(ecr):
    """Repositories by name, each with its policy or nothing."""
    found = {}
    for repository in pages(ecr, "describe_repositories", "repositories"):
        name = repository["repositoryName"]
        try:
            found[name] = canonical(ecr.get_repository_policy(repositoryName=name)["policyText"])
        except ClientError as error:
            if error.response["Error"]["Code"] != "RepositoryPolicyNotFoundException":
                raise
            found[name] = None
    return found


def secrets(client):
    """Secrets by ARN, with their values."""
    return {
        secret["ARN"]: {
            "key": secret.get("KmsKeyId"),
            "tags": tags(secret.get("Tags", [])),
            "value": client.get_secret_value(SecretId=secret["ARN"])["SecretString"],
        }
        for secret in pages(client, "list_secrets", "SecretList")
    }


def oidc_providers(iam):
    """OpenID Connect providers by ARN."""
    listed = iam.list_open_id_connect_providers()["OpenIDConnectProviderList"]
    keys = ("Url", "ClientIDList", "ThumbprintList")
    found = {one["Arn"]: iam.get_open_id_connect_provider(OpenIDConnectProviderArn=one["Arn"]) for one in listed}
    return {arn: {key: provider[key] for key in keys} for arn, provider in found.items()}


def account(account):
    """Everything of one account that cloudgrant could reach, and what it must not."""
    return {
        "policies": policies(account.iam),
        "roles": roles(account.iam),
        "oidc": oidc_providers(account.iam),
        "repositories": repositories(account.ecr),
        "secrets": secrets(account.secrets),
    }
