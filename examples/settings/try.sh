#!/bin/sh
# From an empty sandbox to proof, on this machine alone: plan, apply, an edit by somebody else, drift, revoke.
#
#   examples/settings/try.sh
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
service=$FLYTE_PLATFORM_URL/flyteidl2.settings.SettingsService
key='{"domain": "production", "project": "vision"}'
quota='"run": {"defaultQueue": {"state": "SETTING_STATE_VALUE", "stringValue": "gpu"}}'

call() { curl --silent --show-error --fail --header 'Content-Type: application/json' "$service/$1" --data "$2"; }
settings() { call GetSettingsForEdit "{\"key\": $key}"; }
version() { settings | sed 's/.*"version":"\([0-9]*\)".*/\1/'; }
# Under which account the next run's pods are: only a sandbox tells.
account() { curl --silent --show-error --fail "$FLYTE_PLATFORM_URL/_sandbox/run_accounts" | tr '{' '\n' |
    grep '"project":"vision"' | grep '"domain":"production"' | sed 's/.*"service_account":\("[^"]*"\|null\).*/\1/'; }
say() { printf '\n== %s\n' "$*"; }
fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }

say "Somebody has set a queue for vision in production already"
call CreateSettings "{\"key\": $key, \"settings\": {$quota}}" >/dev/null
printf 'Tasks run as %s\n' "$(account)"

say "Plan: what would change, on AWS and in the settings, and what is no wall"
"$cloudgrant" plan

say "Apply"
"$cloudgrant" apply --yes
[ "$(account)" = '"vision-production"' ] || fail "tasks run as $(account)"
settings | grep -q '"gpu"' || fail "the queue is gone"
printf 'Tasks run as %s\n' "$(account)"
"$cloudgrant" plan --exit-code --quiet || fail "there is still something to do"

say "Somebody replaces the settings, and forgets the account"
call UpdateSettings "{\"key\": $key, \"version\": \"$(version)\", \"settings\": {$quota}}" >/dev/null

say "Drift: it is seen"
code=0
"$cloudgrant" drift --exit-code || code=$?
[ "$code" = 3 ] || fail "drift ended with $code"

say "Apply puts it back, beside the queue"
"$cloudgrant" apply --yes
"$cloudgrant" drift --exit-code --quiet || fail "it still differs"

say "A scope that shares its service account with others is refused, and never widened"
code=0
CLOUDGRANT_PLATFORM__SERVICE_ACCOUNT=tasks "$cloudgrant" plan || code=$?
[ "$code" = 2 ] || fail "plan ended with $code"

say "Revoke: the account is as it was, and so is the queue"
"$cloudgrant" revoke --all --yes
[ "$(account)" = null ] || fail "tasks run as $(account)"
settings | grep -q '"gpu"' || fail "the queue is gone"

say "Proved."
