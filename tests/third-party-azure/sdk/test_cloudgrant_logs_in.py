"""cloudgrant's own ways in, at a sandbox that takes only what Microsoft Entra takes."""

import pytest
from azure_support import ids, tokens


@pytest.fixture
def plan(flyte):
    """Plans with one of the ways in, and only what that needs in the environment."""
    exports = flyte.sandbox.exports
    settings = {name: value for name, value in exports.items() if name.startswith("CLOUDGRANT_")}
    flyte.cloudgrant.environment = settings

    def plan(way, expect=0, **environment):
        credentials = {"CLOUDGRANT_AZURE__CREDENTIALS": way, "AZURE_TENANT_ID": exports["AZURE_TENANT_ID"]}
        return flyte.cloudgrant.plan(flyte.path, expect=expect, **credentials | environment)

    return plan


def test_a_secret_in_the_environment(flyte, plan):
    exports = flyte.sandbox.exports
    secret = {name: exports[name] for name in ("AZURE_CLIENT_ID", "AZURE_CLIENT_SECRET")}
    assert plan("environment", **secret).summary["create"] == 12
    said = plan("environment", expect=1, **secret | {"AZURE_CLIENT_SECRET": "not-the-secret"})
    assert "AADSTS7000215" in str(said) and "not-the-secret" not in str(said), said


def test_a_token_file(flyte, plan, tmp_path):
    """As an operator in a pod: an identity that may do it, and a token of its service account."""
    azure = flyte.azure
    operator = azure.identity(ids.GROUP, "operator")
    azure.trust(ids.GROUP, "operator", "operator-pod", ids.ISSUER, ids.subject("ops", "production"))
    azure.assign(azure.scope, ids.role("Owner"), operator.principal_id)
    file = tmp_path / "token"
    token = {"AZURE_CLIENT_ID": operator.client_id, "AZURE_FEDERATED_TOKEN_FILE": str(file)}
    file.write_text(tokens.service_account(ids.subject("ops", "production")), encoding="utf-8")
    assert plan("workload-identity", **token).summary["create"] == 12
    # A subject that fits nothing might fit in a minute, when a new credential is known everywhere; this never does.
    assertion = tokens.service_account(ids.subject("ops", "production"), audience="sts.amazonaws.com")
    file.write_text(assertion, encoding="utf-8")
    said = plan("workload-identity", expect=1, **token)
    assert "AADSTS700212" in str(said) and assertion not in str(said), said


def test_a_reader_can_plan_and_is_told_what_it_may_not(flyte, plan, tmp_path):
    """Requirement 107: whether the caller may assign roles is found out before anything is changed."""
    azure = flyte.azure
    guest = azure.identity(ids.GROUP, "guest")
    azure.trust(ids.GROUP, "guest", "guest-pod", ids.ISSUER, ids.subject("ops", "staging"))
    azure.assign(azure.scope, ids.role("Reader"), guest.principal_id)
    file = tmp_path / "token"
    file.write_text(tokens.service_account(ids.subject("ops", "staging")), encoding="utf-8")
    token = {
        "AZURE_CLIENT_ID": guest.client_id,
        "AZURE_FEDERATED_TOKEN_FILE": str(file),
        "AZURE_TENANT_ID": flyte.sandbox.tenant,
        "CLOUDGRANT_AZURE__CREDENTIALS": "workload-identity",
    }
    flyte.sandbox.ask("reset", "POST")
    said = flyte.cloudgrant.apply(flyte.path, expect=None, **token)
    assert said.code in (1, 2) and "roleAssignments/write" in str(said), said
    assert flyte.sandbox.count("Microsoft.Authorization/roleAssignments/write") == 0
    assert flyte.sandbox.count("Microsoft.ManagedIdentity/userAssignedIdentities/write") == 0
