"""What the third-party checks share: servers, accounts, the world before cloudgrant, dumps, the binary."""
