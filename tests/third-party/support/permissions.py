"""What a policy document comes to, however its statements are cut and called."""

import json

from . import dump

ELEMENTS = {"Sid", "Effect", "Principal", "Action", "Resource", "Condition"}


def permissions(document):
    """Every combination of effect, principal, action, resource and condition that the document has."""
    found = set()
    for statement in dump.canonical(document)["Statement"]:
        odd = set(statement) - ELEMENTS
        assert not odd, f"elements that nobody expects in {statement}: {odd}"
        who = json.dumps(statement.get("Principal"), sort_keys=True)
        condition = json.dumps(statement.get("Condition"), sort_keys=True)
        for action in statement["Action"]:
            for resource in statement.get("Resource", [None]):
                found.add((statement["Effect"], who, action, resource, condition))
    return found


def document(*statements):
    """A document that a test states by hand."""
    return {"Version": "2012-10-17", "Statement": list(statements)}


def web_identity(provider_arn, issuer, *subjects):
    """The trust policy of requirements 17 to 19, stated by hand."""
    return document(
        {
            "Effect": "Allow",
            "Principal": {"Federated": provider_arn},
            "Action": "sts:AssumeRoleWithWebIdentity",
            "Condition": {
                "StringEquals": {f"{issuer}:aud": "sts.amazonaws.com", f"{issuer}:sub": sorted(subjects)},
            },
        }
    )
