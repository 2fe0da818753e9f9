"""Microsoft's clients for Python, at a sandbox."""

import uuid

from azure.identity import ClientSecretCredential
from azure.mgmt.authorization import AuthorizationManagementClient
from azure.mgmt.authorization.models import RoleAssignmentCreateParameters
from azure.mgmt.containerregistry import ContainerRegistryManagementClient
from azure.mgmt.msi import ManagedServiceIdentityClient
from azure.mgmt.resource.resources import ResourceManagementClient
from azure.mgmt.resource.subscriptions import SubscriptionClient


def login(sandbox, **more):
    """What every way of logging in needs so that it turns to the sandbox, and to nobody else."""
    return {
        "authority": sandbox.url,
        "disable_instance_discovery": True,
        "connection_verify": sandbox.certificate,
        **more,
    }


def secret_credential(sandbox, **other):
    """The credential that the sandbox exports, or one that differs from it."""
    exports = sandbox.exports
    known = {
        "tenant_id": exports["AZURE_TENANT_ID"],
        "client_id": exports["AZURE_CLIENT_ID"],
        "client_secret": exports["AZURE_CLIENT_SECRET"],
    }
    return ClientSecretCredential(**known | other, **login(sandbox))


class Clients:
    """The clients of one caller."""

    def __init__(self, sandbox, credential=None, subscription=None):
        self.sandbox = sandbox
        self.credential = credential or secret_credential(sandbox)
        self.subscription = subscription or sandbox.subscription
        self.scope = f"/subscriptions/{self.subscription}"
        # The usual wait after a server error grows to half a minute; here the shortest one does.
        common = {
            "base_url": sandbox.url,
            "credential_scopes": ["https://management.azure.com/.default"],
            "connection_verify": sandbox.certificate,
            "retry_backoff_factor": 0.05,
        }
        one = common | {"credential": self.credential, "subscription_id": self.subscription}
        authorization = AuthorizationManagementClient(**one)
        identities = ManagedServiceIdentityClient(**one)
        self.assignments = authorization.role_assignments
        self.definitions = authorization.role_definitions
        self.permissions = authorization.permissions
        self.identities = identities.user_assigned_identities
        self.credentials = identities.federated_identity_credentials
        self.registries = ContainerRegistryManagementClient(**one).registries
        self.groups = ResourceManagementClient(**one).resource_groups
        self.subscriptions = SubscriptionClient(**common, credential=self.credential).subscriptions

    def assign(self, scope, role, principal, name=None, **more):
        """Makes a role assignment, under a random name unless one is given."""
        parameters = RoleAssignmentCreateParameters(
            role_definition_id=role, principal_id=principal, **{"principal_type": "ServicePrincipal"} | more
        )
        return self.assignments.create(scope, name or str(uuid.uuid4()), parameters)

    def identity(self, group, name, **tags):
        """Makes a managed identity."""
        return self.identities.create_or_update(group, name, {"location": "westeurope", "tags": tags})

    def trust(self, group, identity, name, issuer, subject, audience="api://AzureADTokenExchange"):
        """Makes a federated credential."""
        properties = {"issuer": issuer, "subject": subject, "audiences": [audience]}
        return self.credentials.create_or_update(group, identity, name, {"properties": properties})


def code(refusal):
    """The code of a refusal that pytest caught."""
    return refusal.value.error.code
