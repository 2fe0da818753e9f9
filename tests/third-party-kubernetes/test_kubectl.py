"""The genuine kubectl against the sandbox."""

import base64
import json

NAMESPACE = "acme-development"
ROLE = "eks.amazonaws.com/role-arn"


def applied(name="trainer", **annotations):
    """A service account's manifest."""
    metadata = {"name": name, "namespace": NAMESPACE, "annotations": annotations}
    return json.dumps({"apiVersion": "v1", "kind": "ServiceAccount", "metadata": metadata})


def apply(cluster, manifest, *arguments, **options):
    flags = ["--server-side", "--field-manager", "cloudgrant", *arguments, "-f", "-"]
    return cluster.kubectl("apply", *flags, stdin=manifest, **options)


def managers(account):
    """Each manager of an object with its fields below `metadata`."""
    entries = account["metadata"].get("managedFields", [])
    return {(entry["manager"], entry["operation"]): entry["fieldsV1"]["f:metadata"] for entry in entries}


def test_it_is_found_and_described(cluster):
    version = json.loads(cluster.kubectl("version", "-o", "json"))["serverVersion"]
    assert version["gitVersion"].startswith("v1.36.2+")
    resources = cluster.kubectl("api-resources", "--no-headers")
    assert [line.split()[0] for line in resources.splitlines()][:3] == ["namespaces", "secrets", "serviceaccounts"]
    assert "FIELD: secrets <[]Object>" in cluster.kubectl("explain", "serviceaccount.secrets")
    missing = cluster.kubectl("get", "pods", code=1)
    assert """the server doesn't have a resource type "pods\"""" in missing


def test_namespaces_and_accounts_are_made_shown_and_deleted(cluster):
    assert cluster.kubectl("create", "ns", "acme") == "namespace/acme created\n"
    assert cluster.kubectl("create", "sa", "trainer", "-n", "acme") == "serviceaccount/trainer created\n"
    again = cluster.kubectl("create", "sa", "trainer", "-n", "acme", code=1)
    assert """serviceaccounts "trainer" already exists""" in again
    table = cluster.kubectl("get", "sa", "-n", "acme").splitlines()
    assert [line.split()[:2] for line in table] == [["NAME", "SECRETS"], ["default", "0"], ["trainer", "0"]]
    assert "managedFields" not in cluster.get("sa", "trainer", "-n", "acme")["metadata"]
    cluster.kubectl("label", "sa", "trainer", "-n", "acme", "team=a")
    assert cluster.kubectl("get", "sa", "-A", "-l", "team=a", "-o", "name") == "serviceaccount/trainer\n"
    assert "default" in cluster.kubectl("get", "sa", "-A", "--chunk-size", "2")
    assert "Namespace:           acme" in cluster.kubectl("describe", "sa", "trainer", "-n", "acme")
    # Without --wait=false, too: what is deleted is gone at once.
    assert "deleted" in cluster.kubectl("delete", "sa", "trainer", "-n", "acme")
    assert "NotFound" in cluster.kubectl("get", "sa", "trainer", "-n", "acme", code=1)
    # What has a finalizer keeps its namespace.
    cluster.kubectl("create", "sa", "held", "-n", "acme")
    finalizers = json.dumps({"metadata": {"finalizers": ["example.com/mine"]}})
    cluster.kubectl("patch", "sa", "held", "-n", "acme", "--type", "merge", "-p", finalizers)
    cluster.kubectl("delete", "ns", "acme", "--wait=false")
    assert cluster.get("ns", "acme")["status"]["phase"] == "Terminating"
    assert "because it is being terminated" in cluster.kubectl("create", "sa", "x", "-n", "acme", code=1)
    waiting = cluster.start("wait", "--for=delete", "ns/acme", "--timeout=30s")
    cluster.kubectl("patch", "sa", "held", "-n", "acme", "--type", "merge", "-p", json.dumps({"metadata": {"finalizers": None}}))
    assert waiting.wait(timeout=60) == 0
    assert "NotFound" in cluster.kubectl("get", "ns", "acme", code=1)


def test_a_namespace_s_end_is_waited_for(cluster):
    cluster.kubectl("create", "ns", "acme")
    assert "deleted" in cluster.kubectl("delete", "ns", "acme"), "it waits by watching, and comes back"
    assert "NotFound" in cluster.kubectl("get", "ns", "acme", code=1)
    cluster.kubectl("create", "ns", "acme")


def test_changes_are_watched(cluster):
    watching = cluster.start("get", "sa", "-n", NAMESPACE, "--watch", "--output-watch-events")
    assert watching.stdout.readline().split()[:2] == ["EVENT", "NAME"]
    assert watching.stdout.readline().split()[:2] == ["ADDED", "default"]
    cluster.kubectl("create", "sa", "trainer", "-n", NAMESPACE)
    assert watching.stdout.readline().split()[:2] == ["ADDED", "trainer"]
    cluster.kubectl("annotate", "sa", "trainer", "-n", NAMESPACE, "a=b")
    assert watching.stdout.readline().split()[:2] == ["MODIFIED", "trainer"]
    cluster.kubectl("delete", "sa", "trainer", "-n", NAMESPACE)
    assert watching.stdout.readline().split()[:2] == ["DELETED", "trainer"]
    watching.terminate()
    watching.wait(timeout=20)


def test_an_account_is_made_by_apply_and_shared(cluster):
    assert apply(cluster, applied(**{ROLE: "one"})) == "serviceaccount/trainer serverside-applied\n"
    before = cluster.get("sa", "trainer", "-n", NAMESPACE)
    assert managers(before) == {("cloudgrant", "Apply"): {"f:annotations": {f"f:{ROLE}": {}}}}
    apply(cluster, applied(**{ROLE: "one"}))
    assert cluster.get("sa", "trainer", "-n", NAMESPACE) == before, "nothing changes, not even the version"
    cluster.kubectl("apply", "--server-side", "--field-manager", "helm", "-f", "-", stdin=applied(team="a"))
    cluster.kubectl("annotate", "sa", "trainer", "-n", NAMESPACE, "by-hand=yes")
    shared = cluster.get("sa", "trainer", "-n", NAMESPACE)
    assert managers(shared) == {
        ("cloudgrant", "Apply"): {"f:annotations": {f"f:{ROLE}": {}}},
        ("helm", "Apply"): {"f:annotations": {"f:team": {}}},
        ("kubectl-annotate", "Update"): {"f:annotations": {"f:by-hand": {}}},
    }
    apply(cluster, applied())
    left = cluster.get("sa", "trainer", "-n", NAMESPACE)
    assert left["metadata"]["annotations"] == {"team": "a", "by-hand": "yes"}, "only what is ours goes"
    shown = cluster.kubectl("get", "sa", "trainer", "-n", NAMESPACE, "-o", "yaml", "--show-managed-fields")
    assert "manager: helm" in shown and "f:team: {}" in shown


def test_conflicts_name_the_manager_and_the_field(cluster):
    apply(cluster, applied(**{ROLE: "one"}))
    cluster.kubectl("annotate", "sa", "trainer", "-n", NAMESPACE, "--overwrite", f"{ROLE}=two")
    refused = apply(cluster, applied(**{ROLE: "one"}), code=1)
    conflict = f"""Apply failed with 1 conflict: conflict with "kubectl-annotate" using v1: .metadata.annotations.{ROLE}"""
    assert conflict in refused
    apply(cluster, applied(**{ROLE: "one"}), "--force-conflicts")
    assert cluster.get("sa", "trainer", "-n", NAMESPACE)["metadata"]["annotations"] == {ROLE: "one"}
    # What was there before anybody applied is somebody's, too.
    cluster.kubectl("annotate", "sa", "default", "-n", NAMESPACE, f"{ROLE}=two")
    refused = apply(cluster, applied("default", **{ROLE: "one"}), code=1)
    assert """conflict with "before-first-apply" using v1""" in refused


def test_the_server_checks_fields(cluster):
    misspelt = applied().replace("annotations", "annotation")
    assert "field not declared in schema" in apply(cluster, misspelt, code=1)
    assert """unknown field "metadata.annotation\"""" in cluster.kubectl("create", "-f", "-", stdin=misspelt, code=1)
    assert "(server dry run)" in apply(cluster, applied(a="b"), "--dry-run=server")
    assert "NotFound" in cluster.kubectl("get", "sa", "trainer", "-n", NAMESPACE, code=1)
    cluster.kubectl("create", "-f", "-", stdin=applied(a="b"))
    assert "+    a: c" in cluster.kubectl("diff", "--server-side", "--force-conflicts", "-f", "-", stdin=applied(a="c"), code=1)
    assert cluster.kubectl("replace", "-f", "-", stdin=applied(a="c")) == "serviceaccount/trainer replaced\n"
    patch = ["patch", "sa", "trainer", "-n", NAMESPACE, "--type", "json", "-p"]
    cluster.kubectl(*patch, json.dumps([{"op": "remove", "path": "/metadata/annotations/a"}]))
    assert "annotations" not in cluster.get("sa", "trainer", "-n", NAMESPACE)["metadata"]


def test_tokens_are_for_their_audience(cluster):
    cluster.kubectl("create", "sa", "trainer", "-n", NAMESPACE)
    minted = cluster.kubectl(
        "create", "token", "trainer", "-n", NAMESPACE, "--audience", "sts.amazonaws.com", "--duration", "20m"
    )
    part = minted.split(".")[1]
    claims = json.loads(base64.urlsafe_b64decode(part + "=" * (-len(part) % 4)))
    assert claims["aud"] == ["sts.amazonaws.com"]
    assert claims["sub"] == f"system:serviceaccount:{NAMESPACE}:trainer"
    assert claims["exp"] - claims["iat"] == 20 * 60
    issuer = json.loads(cluster.kubectl("get", "--raw", "/.well-known/openid-configuration"))
    assert issuer["issuer"] == claims["iss"] and issuer["jwks_uri"] == f"{cluster.endpoint}/openid/v1/jwks"
    bound = ["create", "token", "trainer", "-n", NAMESPACE, "--bound-object-kind", "Secret", "--bound-object-name", "x"]
    assert """secrets "x" not found""" in cluster.kubectl(*bound, code=1)
    # A token for the server itself logs the account in.
    own = cluster.kubectl("create", "token", "trainer", "-n", NAMESPACE).strip()
    context = ["--token", own, "--user", ""]
    refused = cluster.kubectl(*context, "get", "sa", "trainer", "-n", NAMESPACE, code=1)
    assert f"""User "system:serviceaccount:{NAMESPACE}:trainer" cannot get resource "serviceaccounts\"""" in refused


def test_who_may_do_what(cluster):
    def can(*what, user="cloudgrant", code=0):
        return cluster.kubectl("auth", "can-i", *what, "-n", NAMESPACE, user=user, code=code).split()[0]

    assert can("patch", "serviceaccounts") == "yes"
    assert can("create", "serviceaccounts", code=1) == "no"
    assert can("create", "serviceaccounts/token", user="nobody", code=1) == "no"
    assert can("delete", "namespaces", user="administrator") == "yes"
    assert can("patch", "serviceaccounts", "--as", "nobody", user="administrator", code=1) == "no"
    assert can("patch", "serviceaccounts", "--as", "cloudgrant", user="administrator") == "yes"
    cluster.kubectl("create", "sa", "trainer", "-n", NAMESPACE)
    apply(cluster, applied(a="b"), user="cloudgrant")
    refused = apply(cluster, applied("absent", a="b"), user="cloudgrant", code=1)
    assert """serviceaccounts "absent" is forbidden: User "cloudgrant" cannot create resource""" in refused
    refused = cluster.kubectl("get", "sa", "-n", NAMESPACE, user="nobody", code=1)
    assert """User "nobody" cannot list resource "serviceaccounts" in API group "" in the namespace""" in refused
    unknown = cluster.kubectl("--token", "wrong", "--user", "", "get", "sa", "-n", NAMESPACE, code=1)
    assert "Unauthorized" in unknown or "must be logged in" in unknown
