"""A transcript: what a server answered to a sequence of calls, without what differs by accident."""

import datetime
import json
import re

from botocore.exceptions import ClientError

from . import dump

# Unique ids of IAM and of sessions, and the six characters of secrets.
UNIQUE = re.compile(r"\b(AROA|ANPA|AIDA|ASIA|AKIA)[A-Z0-9]{10,}\b")
SUFFIX = re.compile(r"(:secret:[A-Za-z0-9/_.-]+)-[A-Za-z0-9]{6}\b")
UNIQUE_IDS = {"PolicyId", "RoleId"}
ACCIDENTAL = {"ResponseMetadata", "SecretAccessKey", "SessionToken", "PackedPolicySize", "RoleLastUsed"}
# moto leaves this number out of every policy; it is always 0 here.
ACCIDENTAL.add("PermissionsBoundaryUsageCount")
# Roles of AWS itself, which every account has and moto's accounts don't.
LINKED = "/aws-service-role/"
DOCUMENTS = {"Document", "AssumeRolePolicyDocument", "PolicyDocument", "policyText"}


def plain(value, key=""):
    """A value in a form that two servers can agree on. Lists of objects are sorted: their order means nothing."""
    if key in DOCUMENTS:
        return dump.canonical(value)
    if key in UNIQUE_IDS:
        return "<unique>"
    if isinstance(value, dict):
        shown = {name: plain(one, name) for name, one in sorted(value.items()) if name not in ACCIDENTAL}
        # To a client, nothing of something, no more pages and silence are the same.
        return {
            name: one for name, one in shown.items() if one not in ([], "") and (name, one) != ("IsTruncated", False)
        }
    if isinstance(value, list):
        shown = [plain(one) for one in value if not (isinstance(one, dict) and one.get("Path", "").startswith(LINKED))]
        return sorted(shown, key=lambda one: json.dumps(one, sort_keys=True))
    if isinstance(value, datetime.datetime):
        return "<date>"
    if isinstance(value, str):
        return SUFFIX.sub(r"\1-<suffix>", UNIQUE.sub(r"\1<unique>", value))
    return value


def refusal(error):
    """An error's code and status; texts differ and are nobody's contract."""
    status = error.response["ResponseMetadata"]["HTTPStatusCode"]
    return {"refused": error.response["Error"]["Code"], "status": status}


class Transcript:
    """Calls a server step by step and remembers the answers by the steps' names."""

    def __init__(self):
        self.answers = {}

    def __call__(self, step, call, **arguments):
        """Makes a call; a refusal is an answer too. Answers with the raw response, or nothing."""
        assert step not in self.answers, f"two steps are called {step!r}"
        try:
            response = call(**arguments)
        except ClientError as error:
            self.answers[step] = refusal(error)
            return None
        self.answers[step] = plain(response)
        return response

    def wrong(self, step, call, undo=None, **arguments):
        """Makes a call that ought to be refused. A server that is too lenient has the effect undone."""
        assert step not in self.answers, f"two steps are called {step!r}"
        try:
            call(**arguments)
        except ClientError as error:
            self.answers[step] = refusal(error)
        else:
            self.answers[step] = "accepted"
            if undo:
                undo()
