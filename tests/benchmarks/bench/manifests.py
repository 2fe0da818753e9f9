"""Large manifests, as plain text in any of the three notations: what a platform of many teams would write.

A hundred grants to each pair of a project and a domain, but for one grant in a hundred to a whole domain, and one in a
thousand to everybody. On Azure, which binds no single project, all of them are for domains. The grants of a scope name
resources that differ. Everything stands as tightly as people may write it, so that a hundred thousand fit into the size
that cloudgrant reads.
"""

import json

DOMAINS = ["dev", "stg", "prd", "lab"]
AZURE_DOMAINS = [f"d{at}" for at in range(10)]
GUID = "00000000-0000-0000-0000-00000000000"
ISSUER = f"westeurope.oic.prod-aks.azure.com/{GUID}a/{GUID}c/"
LEVELS = ["read", "read", "read", "read-write"]
# Misspelt, in the last grant but one, where a manifest is to be refused.
WRONG = "scoep"


def write(path, n, cloud="aws", wrong=False):
    """Writes a manifest of `n` grants; the ending of the file says the notation."""
    notation = {".yaml": _yaml, ".toml": _toml, ".json": _json}[path.suffix]
    path.write_text("\n".join(notation(n, cloud, wrong)) + "\n", encoding="utf-8")
    return path


def scopes(n, cloud):
    """The platform's projects and domains, and the scope of each grant."""
    if cloud == "azure":
        # An identity trusts twenty service accounts: no more projects than that.
        return [f"p{at:02}" for at in range(20)], AZURE_DOMAINS, [_azure_scope(at) for at in range(n)]
    projects = [f"p{at:03}" for at in range(max(1, n // 100 // len(DOMAINS)))]
    pairs = [{"project": project, "domain": domain} for project in projects for domain in DOMAINS]
    return projects, DOMAINS, [_scope(at, pairs) for at in range(n)]


def _scope(at, pairs):
    if at % 1_000 == 0:
        return "global"
    if at % 100 == 1:
        return {"domain": DOMAINS[at // 100 % len(DOMAINS)]}
    return pairs[at // 100 % len(pairs)]


def _azure_scope(at):
    return "global" if at % 1_000 == 0 else {"domain": AZURE_DOMAINS[at % len(AZURE_DOMAINS)]}


def resources(n, cloud):
    """Their names, with locators: at least as many as one scope has grants."""
    if cloud == "azure":
        # Azure takes 4,000 role assignments in a subscription: one for each container and identity.
        names = [(f"r{at:03}", f"https://acmedata{at // 20:02}.blob.core.windows.net/c{at:03}") for at in range(200)]
    else:
        names = [(f"r{at:04}", f"s3://acme-data-{at:04}/in/") for at in range(min(max(n, 200), 2_000))]
    return dict(names)


def _grants(n, cloud, names):
    projects, domains, all_scopes = scopes(n, cloud)
    # Steps without a common divisor: the grants of one scope name resources that differ, those of the next one others.
    step = len(DOMAINS) if cloud == "aws" else len(AZURE_DOMAINS)
    for at, scope in enumerate(all_scopes):
        resource = names[(at + at // (step * len(names))) % len(names)]
        yield f"g{at:06}", scope, resource, LEVELS[at % len(LEVELS)]


def _head(n, cloud):
    projects, domains, _ = scopes(n, cloud)
    head = {
        "version": 1,
        "stack": "scale",
        "provider": cloud,
        "platform": {"kind": "flyte", "organization": "acme", "projects": projects, "domains": domains},
    }
    if cloud == "azure":
        head["azure"] = {
            "tenant": f"{GUID}a",
            "subscription": f"{GUID}b",
            "resource_group": "acme-dataplane",
            "task_identity": "flyte-tasks",
            "cluster": {"oidc_issuer": f"https://{ISSUER}"},
        }
    else:
        head["aws"] = {
            "region": "us-west-2",
            "account": "111122223333",
            "task_role": "flyte-task",
            "cluster": {"oidc_provider": "oidc.eks.us-west-2.amazonaws.com/id/EXAMPLE"},
        }
    return head


def _flow(value, item, quote=""):
    """A value in one line: YAML's and TOML's notations differ in what stands behind a key."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}{item}{_flow(inner, item, quote)}" for key, inner in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(_flow(inner, item, quote) for inner in value) + "]"
    return f"{quote}{value}{quote}" if isinstance(value, str) else str(value)


def _yaml(n, cloud, wrong):
    quoted = {"account": '"111122223333"'}
    for key, value in _head(n, cloud).items():
        if isinstance(value, dict):
            yield f"{key}:"
            yield from (f"  {inner}: {quoted.get(inner) or _flow(one, ': ')}" for inner, one in value.items())
        else:
            yield f"{key}: {value}"
    known = resources(n, cloud)
    yield "resources:"
    yield from (f"  {name}: {{ {cloud}: {locator} }}" for name, locator in known.items())
    yield "grants:"
    for at, (name, scope, resource, level) in enumerate(_grants(n, cloud, list(known))):
        key = WRONG if wrong and at == n - 2 else "scope"
        yield f"- {{name: {name}, {key}: {_flow(scope, ': ')}, access: {{{resource}: {level}}}}}"


def _toml(n, cloud, wrong):
    head, known = _head(n, cloud), resources(n, cloud)
    yield from (f'{key} = {_flow(value, " = ", chr(34))}' for key, value in head.items())
    yield "grants = ["
    for at, (name, scope, resource, level) in enumerate(_grants(n, cloud, list(known))):
        key = WRONG if wrong and at == n - 2 else "scope"
        yield f'{{name="{name}",{key}={_flow(scope, "=", chr(34))},access={{{resource}="{level}"}}}},'
    yield "]"
    yield "[resources]"
    yield from (f'{name} = {{ {cloud} = "{locator}" }}' for name, locator in known.items())


def _json(n, cloud, wrong):
    head, known = _head(n, cloud), resources(n, cloud)
    head["resources"] = {name: {cloud: locator} for name, locator in known.items()}
    yield json.dumps(head)[:-1] + ',"grants":['
    for at, (name, scope, resource, level) in enumerate(_grants(n, cloud, list(known))):
        key = WRONG if wrong and at == n - 2 else "scope"
        comma = "" if at == n - 1 else ","
        grant = {"name": name, key: scope, "access": {resource: level}}
        yield json.dumps(grant, separators=(",", ":")) + comma
    yield "]}"
