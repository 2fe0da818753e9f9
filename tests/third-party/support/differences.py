"""Where moto and the sandbox may answer differently, each with the reason. Nothing else may.

In all of these the sandbox is as AWS; the sources are named where the rule is not in the reference of the call itself.
"""

NO_CASE = "names are unique whatever their case (IAM user guide, IAM and STS quotas); moto tells `plain` from `PLAIN`"
QUOTA = "moto has no such quota"
PATTERN = "moto doesn't hold the parameter against its pattern"
TRUST = "moto takes any text for a trust policy when it makes a role"
DOCUMENT = "AWS sends documents only with GetPolicyVersion and GetAccountAuthorizationDetails; moto sends them here too"
NAMES = "moto leaves out what a policy is called and its id; AWS always sends both"
RESOURCE_POLICY = "moto takes any JSON for a repository's policy"

ALLOWED = {
    "policy: create again in another case": NO_CASE,
    "policy: too long": QUOTA,
    "policy: odd name": PATTERN,
    "policy: odd path": PATTERN,
    "version: create": DOCUMENT,
    "version: create as default": DOCUMENT,
    "version: create number 4": DOCUMENT,
    "version: create number 5": DOCUMENT,
    "version: numbers aren't given again": DOCUMENT,
    "version: list": DOCUMENT,
    "version: delete the policy before them": "moto lets a policy go with its versions; AWS wants them deleted first",
    "bulk: policies": NAMES,
    "bulk: both": NAMES,
    "role: create again in another case": NO_CASE,
    "role: no JSON": TRUST,
    "role: trust without principal": TRUST,
    "role: trust in nobody": TRUST,
    "role: trust with a resource": TRUST,
    "role: trust too long": QUOTA,
    "role: session too long": PATTERN,
    "role: odd name": PATTERN,
    "attachment: number 11": QUOTA,
    "attachment: counted once": "moto counts a policy that is attached again twice",
    "repository: without principal": RESOURCE_POLICY,
    "repository: nobody as principal": RESOURCE_POLICY,
    "repository: with a resource": RESOURCE_POLICY,
    "secret: describe missing": "moto answers 404, AWS 400 as with every error of this service",
}
