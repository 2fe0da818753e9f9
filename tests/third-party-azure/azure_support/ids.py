"""Who and what there is in these tests, by Azure's ids."""

TENANT = "7e4a0000-0000-4000-8000-00000000000a"
SUBSCRIPTION = "5b500000-0000-4000-8000-00000000000b"
GROUP = "acme-dataplane"
LOCATION = "westeurope"
ISSUER = f"https://westeurope.oic.prod-aks.azure.com/{TENANT}/00000000-0000-4000-8000-00000000000c/"
AUDIENCE = "api://AzureADTokenExchange"
TASK_IDENTITY = "flyte-tasks"
# As the sandbox calls the one of its cluster's nodes.
KUBELET = f"{GROUP}-aks-agentpool"

SUBSCRIPTION_ID = f"/subscriptions/{SUBSCRIPTION}"
GROUP_ID = f"{SUBSCRIPTION_ID}/resourceGroups/{GROUP}"

# Azure's own roles: "Azure built-in roles".
ROLES = {
    "Owner": "8e3af657-a8ff-443c-a75c-2fe8c4bcb635",
    "Reader": "acdd72a7-3385-48ef-bd42-f606fba81ae7",
    "AcrPull": "7f951dda-4ed3-4680-a7ca-43fe172d538d",
    "Storage Blob Data Reader": "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1",
    "Storage Blob Data Contributor": "ba92f5b4-2d11-453d-a403-e96b0029c9fe",
    "Key Vault Secrets User": "4633458b-17de-408a-b874-0445c86b69e6",
    "Managed Identity Operator": "f1a07417-d97a-45cb-824c-7a7467783830",
}


def role(name, subscription=SUBSCRIPTION):
    """The id of one of Azure's roles."""
    return f"/subscriptions/{subscription}/providers/Microsoft.Authorization/roleDefinitions/{ROLES[name]}"


def subject(project, domain, account="default"):
    """Whom the tokens of a namespace's service account are for."""
    return f"system:serviceaccount:{project}-{domain}:{account}"
