"""Kinds of resources, read from the addresses of requests."""

from urllib.parse import urlsplit


def resource_type(url):
    """The full type of the resource that a request is about, in lower case: `microsoft.keyvault/vaults`."""
    parts = [part for part in urlsplit(url).path.lower().split("/") if part]
    if "providers" not in parts:
        return "/".join(parts[::2])
    last = len(parts) - 1 - parts[::-1].index("providers")
    namespace, *rest = parts[last + 1 :]
    return "/".join([namespace, *rest[::2]])
