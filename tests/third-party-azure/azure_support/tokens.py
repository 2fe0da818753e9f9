"""Tokens of Kubernetes service accounts, made here: the sandbox can't know the issuer's keys, and believes them."""

import time

import jwt
from azure.identity import ClientAssertionCredential

from . import ids
from .clients import login

KEY = "this key is known to nobody else, and long enough for its algorithm"


def service_account(subject, issuer=ids.ISSUER, audience=ids.AUDIENCE, lifetime=3600):
    """What a pod finds in its token file."""
    now = int(time.time())
    claims = {"iss": issuer, "sub": subject, "aud": [audience], "iat": now, "nbf": now, "exp": now + lifetime}
    return jwt.encode(claims, KEY, algorithm="HS256")


def pod(sandbox, client, subject, **claims):
    """The credential of a pod that runs under a service account and names an identity by its client id."""
    assertion = service_account(subject, **claims)
    return ClientAssertionCredential(sandbox.tenant, client, lambda: assertion, **login(sandbox))


def claims(token):
    """What an access token says of its holder."""
    return jwt.decode(token.token, options={"verify_signature": False})
