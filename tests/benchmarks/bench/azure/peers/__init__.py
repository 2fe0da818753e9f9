"""The ways to make the same objects on Azure."""

from ...cloudgrant import Cloudgrant
from .azurecli import AzureCli
from .sdk_threads import Sdk

ON_REQUEST = {"az": AzureCli}


def peers(options):
    """Those that are measured."""
    return [Cloudgrant(), Sdk(), *(ON_REQUEST[name]() for name in options.extra if name in ON_REQUEST)]
