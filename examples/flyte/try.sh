#!/bin/sh
# From an empty sandbox to proof, on this machine alone: plan, apply, what a pod may become, an edit by somebody else, drift, revoke.
#
#   examples/flyte/try.sh
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
admin=$FLYTE_PLATFORM_URL/api/v1
pair=$admin/project_domain_attributes/vision/production
of_type='resource_type=CLUSTER_RESOURCE'

call() { curl --silent --show-error --fail --header 'Accept: application/json' --header 'Content-Type: application/json' "$@"; }
attributes() { call "$admin/matchable_attributes?$of_type"; }
write() { call --request PUT "$pair" --data "{\"attributes\": {\"matching_attributes\": {\"cluster_resource_attributes\": {\"attributes\": $1}}}}" >/dev/null; }
# What the next sync of cluster resources makes of the namespace's service account: only a sandbox tells.
role() { call "$FLYTE_PLATFORM_URL/_sandbox/synced?namespace=vision-production" | sed 's/.*"eks.amazonaws.com\/role-arn":"\([^"]*\)".*/\1/'; }
# What a pod of a namespace does: it presents its service account's token for an audience, and becomes the role if that trusts it.
pod() {
    token=$(call "$FLYTE_PLATFORM_URL/_sandbox/token?namespace=$1&audience=$2" | sed 's/.*"token": *"\([^"]*\)".*/\1/')
    curl --silent --show-error "$AWS_ENDPOINT_URL" --data-urlencode "WebIdentityToken=$token" --data-urlencode "RoleArn=$3" \
        --data Action=AssumeRoleWithWebIdentity --data Version=2011-06-15 --data RoleSessionName=pod
}
say() { printf '\n== %s\n' "$*"; }
fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }

say "Somebody has a quota for vision in production already"
write '{"projectQuotaCpu": "4"}'
before=$(attributes)
default=$(role)
printf 'Tasks run as %s\n' "$default"

say "Plan: what would change, on AWS and in Flyte admin"
"$cloudgrant" plan

say "Apply"
"$cloudgrant" apply --yes
attributes | grep -q '"defaultIamRole":"arn:aws:iam::111122223333:role/' || fail "no role in the attributes"
attributes | grep -q '"projectQuotaCpu":"4"' || fail "the quota is gone"
printf 'Tasks run as %s\n' "$(role)"
[ "$(role)" != "$default" ] || fail "the next sync changes nothing"
"$cloudgrant" plan --exit-code --quiet || fail "there is still something to do"

say "A pod of vision in production becomes the role, and nobody else does"
sts=sts.amazonaws.com
role=$(role)
pod vision-production $sts "$role" | grep -q '<SessionToken>' || fail "the pod isn't let in"
for other in vision-development vision-pre-production x-vision-production; do
    pod "$other" $sts "$role" | grep -q '<Code>AccessDenied</Code>' || fail "$other is let in"
    printf '%s is denied\n' "$other"
done
pod vision-production elsewhere "$role" | grep -q '<Message>Incorrect token audience</Message>' || fail "a token for elsewhere is taken"

say "Somebody replaces the record, and forgets the role"
write '{"projectQuotaCpu": "4"}'

say "Drift: it is seen"
code=0
"$cloudgrant" drift --exit-code || code=$?
[ "$code" = 3 ] || fail "drift ended with $code"

say "Apply puts it back, beside the quota"
"$cloudgrant" apply --yes
"$cloudgrant" drift --exit-code --quiet || fail "it still differs"

say "Revoke: the default role holds again, and the quota is as it was"
"$cloudgrant" revoke --all --yes
[ "$(attributes)" = "$before" ] || fail "the attributes aren't as they were: $(attributes)"
[ "$(role)" = "$default" ] || fail "tasks run as $(role)"

say "Proved."
