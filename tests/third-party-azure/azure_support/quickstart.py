"""The example to begin with, on Azure: what must come of it, stated by hand from the requirements."""

import pathlib

PATH = pathlib.Path(__file__).resolve().parents[3] / "examples/quickstart/cloudgrant.yaml"

GROUP_ID = "/subscriptions/00000000-0000-0000-0000-00000000000b/resourceGroups/acme-dataplane"
TASK_IDENTITY = "flyteuser-acme"
KUBELET = "acme-dataplane-aks-agentpool"
CONTAINERS = f"{GROUP_ID}/providers/Microsoft.Storage/storageAccounts/acmetraining/blobServices/default/containers"
REGISTRIES = f"{GROUP_ID}/providers/Microsoft.ContainerRegistry/registries"

# Who has which role where, and whether a condition narrows it.
ASSIGNMENTS = {
    (TASK_IDENTITY, "Storage Blob Data Reader", f"{CONTAINERS}/inputs", False),
    (KUBELET, "AcrPull", f"{REGISTRIES}/acmebase", False),
    (KUBELET, "AcrPull", f"{REGISTRIES}/acmeimages", False),
}
