"""What the third-party checks for Azure share: the sandbox, clients, manifests, and what is expected of them."""
