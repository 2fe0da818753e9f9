#!/bin/sh
# From an empty sandbox to proof, on this machine alone: plan, one apply, what a pod may become, an edit by somebody else, drift,
# revoke.
#
#   examples/flyte-on-azure/try.sh
#
# Begins both sandboxes anew in a folder of its own. CLOUDGRANT names the program [default: cloudgrant].
set -eu

here=$(cd "$(dirname "$0")" && pwd)
cloudgrant=${CLOUDGRANT:-cloudgrant}

if [ "${1:-}" != in-sandbox ]; then
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
    # An argument, as the sandbox hands on no variable of the platform: else this would begin again without end.
    CLOUDGRANT_FILE=$here/cloudgrant.yaml "$cloudgrant" sandbox --folder "$folder" -- "$0" in-sandbox
    exit
fi

# From here on, the variables lead to the sandboxes.
of_kubeconfig() { sed -n "s/^ *\"$1\": \"\\([^\"]*\\)\".*/\\1/p" "$KUBECONFIG" | head -n 1; }
server=$(of_kubeconfig server)
authority=$(of_kubeconfig certificate-authority)
call() {
    curl --silent --show-error --fail --cacert "$authority" --header "Authorization: Bearer $(of_kubeconfig token)" "$@"
}
account() { printf '%s/api/v1/namespaces/%s/serviceaccounts/default' "$server" "$1"; }
key=azure.workload.identity/client-id
# The client ID by which the pods of a namespace log in.
client_id() { call "$(account "$1")" | sed -n 's|.*"azure.workload.identity/client-id": *"\([^"]*\)".*|\1|p'; }
annotate() {
    call --request PATCH --header 'Content-Type: application/merge-patch+json' --data "{\"metadata\": {\"annotations\": $2}}" \
        "$(account "$1")" >/dev/null
}
# What a pod of a namespace does: it presents its service account's token for an audience, and gets a token of the identity's if that
# trusts it.
pod() {
    token=$(call --request POST --header 'Content-Type: application/json' "$(account "$1")/token" --data \
        "{\"apiVersion\": \"authentication.k8s.io/v1\", \"kind\": \"TokenRequest\", \"spec\": {\"audiences\": [\"$2\"]}}" |
        sed -n 's/.*"token": *"\([^"]*\)".*/\1/p')
    curl --silent --show-error --cacert "$CLOUDGRANT_AZURE__CA_CERTIFICATE" "$AZURE_AUTHORITY_HOST/$AZURE_TENANT_ID/oauth2/v2.0/token" \
        --data-urlencode "client_assertion=$token" --data-urlencode "client_id=$3" \
        --data-urlencode 'client_assertion_type=urn:ietf:params:oauth:client-assertion-type:jwt-bearer' \
        --data-urlencode 'scope=https://management.azure.com/.default' --data grant_type=client_credentials
}
say() { printf '\n== %s\n' "$*"; }
fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }

say "Somebody has an annotation on vision's account in production already"
annotate vision-production '{"team": "vision"}'

say "Plan: what would change, on Azure and in the cluster"
"$cloudgrant" plan

say "One apply: the client ID that Azure chooses reaches the accounts in the same run"
"$cloudgrant" apply --yes
id=$(client_id vision-production)
[ -n "$id" ] || fail "no client ID on the account"
[ "$(client_id forecasting-production)" = "$id" ] || fail "another identity in the same domain"
"$cloudgrant" plan --exit-code --quiet || fail "there is still something to do"

say "A pod of vision in production logs in as the identity, and nobody else does"
exchange=api://AzureADTokenExchange
pod vision-production $exchange "$id" | grep -q '"access_token"' || fail "the pod isn't let in"
call --request POST --header 'Content-Type: application/json' "$server/api/v1/namespaces" \
    --data '{"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "vision-pre-production"}}' >/dev/null
for other in vision-development vision-pre-production; do
    pod "$other" $exchange "$id" | grep -q 'AADSTS700213' || fail "$other is let in"
    printf '%s is denied\n' "$other"
done
pod vision-production elsewhere "$id" | grep -q 'AADSTS700212' || fail "a token for elsewhere is taken"

say "Somebody takes the annotation away"
annotate vision-production "{\"$key\": null}"

say "Drift: it is seen"
code=0
"$cloudgrant" drift --exit-code || code=$?
[ "$code" = 3 ] || fail "drift ended with $code"

say "Apply puts it back"
"$cloudgrant" apply --yes
[ "$(client_id vision-production)" = "$id" ] || fail "it isn't back"
"$cloudgrant" drift --exit-code --quiet || fail "it still differs"

say "Revoke: the annotations are as they were"
"$cloudgrant" revoke --all --yes
[ -z "$(client_id vision-production)$(client_id forecasting-production)" ] || fail "an account still names the identity"
call "$(account vision-production)" | grep -q '"team": *"vision"' || fail "somebody's own annotation is gone"
pod vision-production $exchange "$id" | grep -q '"access_token"' && fail "the pod is still let in"

say "Proved."
