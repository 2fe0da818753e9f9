"""Where Azure is documented to answer otherwise than its own specifications say. Nothing else may differ from them."""

from .resources import resource_type

# "List Azure role definitions" shows these in answers of version 2022-04-01, whose specification lacks them.
UNSPECIFIED = {"microsoft.authorization/roledefinitions": ("createdOn", "updatedOn", "createdBy", "updatedBy")}

# Whose specification has no answer for errors at all.
ONLY_SUCCESS = {"StorageAccounts_List"}
NO_SUCH_STATUS = "response: INVALID_RESPONSE_CODE "


def unexcused(operation, exchange, problems):
    """The problems without those that every error of an operation has."""
    if operation not in ONLY_SUCCESS or exchange["response"]["statusCode"] < "400":
        return problems
    return [problem for problem in problems if not problem.startswith(NO_SUCH_STATUS)]


def specified(exchange):
    """The exchange without what the specification doesn't know."""
    unknown = UNSPECIFIED.get(resource_type(exchange["request"]["url"]))
    body = exchange["response"]["body"]
    if not unknown or not body:
        return exchange
    return exchange | {"response": exchange["response"] | {"body": _without(body, unknown)}}


def _without(body, unknown):
    if "value" in body:
        return body | {"value": [_without(one, unknown) for one in body["value"]]}
    if "properties" in body:
        kept = {name: value for name, value in body["properties"].items() if name not in unknown}
        return body | {"properties": kept}
    return body
