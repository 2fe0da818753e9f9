"""Flyte on Azure with grants to everybody and to a domain, and what must come of them, stated by hand."""

from . import ids, manifest

DOMAIN = {"domain": "production"}
IDENTITY = "cloudgrant_acme-ml_production"
STORAGE = f"{ids.GROUP_ID}/providers/Microsoft.Storage/storageAccounts"
REGISTRIES = f"{ids.GROUP_ID}/providers/Microsoft.ContainerRegistry/registries"
SECRET = f"{ids.GROUP_ID}/providers/Microsoft.KeyVault/vaults/acme-vault/secrets/labels-token"
BLOBS = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs"
EXPORTERS, FRAMERS = "exporters", "framers"


def container(account, name):
    return f"{STORAGE}/{account}/blobServices/default/containers/{name}"


def flyte(**azure):
    """The manifest. It has a prefix, a secret, registries, and a level that no role of Azure's gives exactly."""
    return manifest.manifest(
        resources={
            "training-data": "https://acmetraining.blob.core.windows.net/inputs",
            "frames": "https://acmevision.blob.core.windows.net/media/frames/",
            "exports": "https://acmevision.blob.core.windows.net/exports",
            "labels-token": "https://acme-vault.vault.azure.net/secrets/labels-token",
            "tools": "acmetools.azurecr.io",
        },
        grants=[
            manifest.grant("training-data", training_data="read"),
            manifest.grant("production", DOMAIN, frames="read_write", labels_token="read", tools="pull"),
            manifest.grant("exports-production", DOMAIN, precise=True, exports="write"),
        ],
        registries={"base-images": "acmebase.azurecr.io"},
        **azure,
    )


# Who has which role where, and whether a condition narrows it. `exporters` and `framers` stand for the stack's own roles:
# a ready-made role that writes could delete the container, whatever its condition says.
ASSIGNMENTS = {
    (ids.TASK_IDENTITY, "Storage Blob Data Reader", container("acmetraining", "inputs"), False),
    # Scopes add up: a domain's identity replaces the default one, so it has what everybody has.
    (IDENTITY, "Storage Blob Data Reader", container("acmetraining", "inputs"), False),
    (IDENTITY, FRAMERS, container("acmevision", "media"), True),
    (IDENTITY, EXPORTERS, container("acmevision", "exports"), False),
    (IDENTITY, "Key Vault Secrets User", SECRET, False),
    (IDENTITY, "AcrPull", f"{REGISTRIES}/acmetools", False),
    (ids.KUBELET, "AcrPull", f"{REGISTRIES}/acmebase", False),
}

# What the stack's own role allows: writing, and nothing else.
EXPORTERS_MAY = {f"{BLOBS}/write", f"{BLOBS}/add/action"}


def stands_for(role_name):
    """What a role is called here."""
    for what, own in {" blob write ": EXPORTERS, " blob read-write ": FRAMERS}.items():
        if role_name.startswith("cloudgrant ") and what in role_name:
            return own
    return role_name


TAGS = {
    "cloudgrant:stack": "acme-ml",
    "cloudgrant:home": f"{ids.SUBSCRIPTION}/{ids.GROUP}",
    "cloudgrant:scope": "domain production",
}

# The service accounts that the domain's identity trusts.
SUBJECTS = {
    f"cloudgrant_acme-ml_{project}_production": ids.subject(project, "production") for project in manifest.PROJECTS
}
