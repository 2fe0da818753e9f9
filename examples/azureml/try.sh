#!/bin/sh
# From an empty sandbox to proof, on this machine alone: plan, apply, what a job may reach that runs as its compute's identity, an edit by
# somebody else, drift, revoke.
#
#   examples/azureml/try.sh
#
# Begins the sandbox anew in a folder of its own. CLOUDGRANT names the program [default: cloudgrant].
set -eu

here=$(cd "$(dirname "$0")" && pwd)
cloudgrant=${CLOUDGRANT:-cloudgrant}

if [ "${1:-}" != in-sandbox ]; then
    folder=$(mktemp -d)
    trap 'rm -rf "$folder"' EXIT
    CLOUDGRANT_FILE=$here/cloudgrant.yaml "$cloudgrant" sandbox --folder "$folder" -- "$0" in-sandbox
    exit
fi

# From here on, the variables lead to the sandbox.
ask() { curl --silent --show-error --fail --cacert "$CLOUDGRANT_AZURE__CA_CERTIFICATE" "$@"; }
token=$(ask "$AZURE_AUTHORITY_HOST/$AZURE_TENANT_ID/oauth2/v2.0/token" --data-urlencode "client_id=$AZURE_CLIENT_ID" \
    --data-urlencode "client_secret=$AZURE_CLIENT_SECRET" --data-urlencode 'scope=https://management.azure.com/.default' \
    --data grant_type=client_credentials | sed -n 's/.*"access_token": *"\([^"]*\)".*/\1/p')
azure() { ask --header "Authorization: Bearer $token" --header 'Content-Type: application/json' "$@"; }
group=/subscriptions/00000000-0000-0000-0000-00000000000b/resourceGroups/acme-ml
workspace=$group/providers/Microsoft.MachineLearningServices/workspaces/acme
of_compute() { printf '%s%s/computes/%s?api-version=2026-05-01' "$CLOUDGRANT_AZURE__ENDPOINT" "$workspace" "$1"; }
# The settings of a compute, one a line: what its identities are and when it was changed left out.
settings() {
    azure "$(of_compute "$1")" | tr -d ' \n' | sed 's/"systemData":{[^}]*}//; s/"identity":{"type":"None"}//' | tr ',{}' '\n\n\n' |
        grep -v '^$\|"modifiedOn"' | sort
}
# The identities that are on a compute.
identities() { azure "$(of_compute "$1")" | tr ',{' '\n\n' | sed -n 's|.*"\(/subscriptions/[^"]*/userAssignedIdentities/[^"]*\)".*|\1|p'; }
# Whether whoever runs as an identity may do something to the blobs of a container.
may() {
    ask --get "$CLOUDGRANT_AZURE__ENDPOINT/_sandbox/access" --data-urlencode "principal=$1" \
        --data-urlencode "data_action=Microsoft.Storage/storageAccounts/blobServices/containers/blobs/$2" \
        --data-urlencode "scope=$account/blobServices/default/containers/$3" | grep -q '"allowed": *true'
}
say() { printf '\n== %s\n' "$*"; }
fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }

account=$(azure "$CLOUDGRANT_AZURE__ENDPOINT/subscriptions/00000000-0000-0000-0000-00000000000b/providers/Microsoft.Storage/storageAccounts?api-version=2023-05-01" |
    tr ',{' '\n\n' | sed -n 's|.*"id": *"\(/[^"]*/storageAccounts/acmetraining\)".*|\1|p')
before=$(settings train-cluster)

say "Plan: identities, their roles, and the computes that they are put on"
"$cloudgrant" plan

say "Apply"
"$cloudgrant" apply --yes
training=$(identities train-cluster)
scoring=$(identities score-cluster)
[ -n "$training" ] && [ -n "$scoring" ] && [ "$training" != "$scoring" ] || fail "each compute has an identity of its own"
"$cloudgrant" plan --exit-code --quiet || fail "there is still something to do"

say "A job on the training cluster reads the inputs and writes models; one on the other cluster only reads"
may "$training" read inputs || fail "training may not read the inputs"
may "$training" write models || fail "training may not write models"
may "$scoring" read inputs || fail "scoring may not read the inputs"
may "$scoring" read models && fail "scoring may read the models"
may "$training" write inputs && fail "training may write the inputs"

say "Somebody takes the identity off the training cluster"
azure "$(of_compute train-cluster)" | tr -d '\n' |
    sed 's/"identity": *{"type": *"UserAssigned", *"userAssignedIdentities": *{"[^"]*": *{[^}]*}}[^}]*}/"identity": {"type": "None"}/' |
    azure --request PUT --data @- "$(of_compute train-cluster)" >/dev/null
[ -z "$(identities train-cluster)" ] || fail "it is still there"

say "Drift: it is seen"
code=0
"$cloudgrant" drift --exit-code || code=$?
[ "$code" = 3 ] || fail "drift ended with $code"

say "Apply puts it back"
"$cloudgrant" apply --yes
[ "$(identities train-cluster)" = "$training" ] || fail "it isn't back"
"$cloudgrant" drift --exit-code --quiet || fail "it still differs"

say "Revoke: the computes are as they were"
"$cloudgrant" revoke --all --yes
[ -z "$(identities train-cluster)$(identities score-cluster)" ] || fail "an identity is still there"
[ "$(settings train-cluster)" = "$before" ] || fail "the compute isn't as it was: $(settings train-cluster), was $before"

say "Proved."
