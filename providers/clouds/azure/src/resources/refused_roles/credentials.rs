//! Keys, secrets and tokens of services that no list names: found by what Azure calls the actions that hand them out.
//!
//! Source: Azure documentation, "Azure permissions", where `list…Keys`, `listSecrets`, `regenerateKey` and their like are
//! the segment in front of `/action`, in whatever case and whatever the service.

use cloudgrant_core::matches;

const OPENS: &str = "open a service with its keys, secrets or tokens, whatever roles say";
pub(super) const DISK: &str = "read everything on a disk, whoever it belongs to";
const CALLS: &str = "start a workflow by its signed address, and so act as the workflow's identities";

/// How what hands out ends, and what its holder could do with it.
const ENDINGS: [(&str, &str); 15] = [
    ("key", OPENS),
    ("keys", OPENS),
    ("secret", OPENS),
    ("secrets", OPENS),
    ("credential", OPENS),
    ("credentials", OPENS),
    ("token", OPENS),
    ("tokens", OPENS),
    ("password", OPENS),
    ("sas", OPENS),
    ("kubeconfig", OPENS),
    ("connectionstring", OPENS),
    ("connectionstrings", OPENS),
    ("begingetaccess", DISK),
    ("listcallbackurl", CALLS),
];

/// Not what these begin: they take away, or look at what the caller has already.
const HANDS_OUT_NOTHING: [&str; 4] = ["check", "revoke", "validate", "verify"];

/// What such a key signs can do what its holder's roles allow, and no more. Source: Azure documentation, "Create a user
/// delegation SAS".
const OWN_RIGHTS: &str = "generateuserdelegationkey";

/// Stars under these stand for nothing of the kind; many of Azure's ready-made roles have them.
const HARMLESS: [&str; 6] = [
    "microsoft.insights/alertrules/",
    "microsoft.insights/diagnosticsettings/",
    "microsoft.resources/deployments/",
    "microsoft.resources/subscriptions/resourcegroups/deployments/",
    "microsoft.storage/storageaccounts/blobservices/",
    "microsoft.support/",
];

/// What the holder of a management action, or of a pattern of them, could do with what it hands out, unless it is taken away
/// again; none if it hands out nothing. A pattern counts for all that it can stand for: also for services of tomorrow.
pub(super) fn handed_out(pattern: &str, but: &[String]) -> Option<&'static str> {
    let action = pattern.to_ascii_lowercase();
    let mut segments = action.rsplit('/');
    let is_whole = |verb: &&str| !verb.contains('*');
    let verb = segments.next().filter(|last| *last == "action").and(segments.next()).filter(is_whole);
    let says_so = |verb: &str| verb == OWN_RIGHTS || HANDS_OUT_NOTHING.iter().any(|start| verb.starts_with(start));
    if HARMLESS.iter().any(|start| action.starts_with(start)) || verb.is_some_and(says_so) {
        return None;
    }
    let is_taken = |every: &str| but.iter().any(|pattern| matches(pattern, every));
    if is_taken(&action) {
        return None;
    }
    let (_, why) = ENDINGS.iter().find(|(ending, _)| {
        let ending = format!("{ending}/action");
        can_end_in(&action, &ending) && !is_taken(&format!("*{ending}"))
    })?;
    Some(why)
}

/// Whether something that a pattern stands for ends so.
fn can_end_in(pattern: &str, ending: &str) -> bool {
    match pattern.rsplit_once('*') {
        Some((_, behind)) => behind.ends_with(ending) || ending.ends_with(behind),
        None => pattern.ends_with(ending),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn is_handed_out(pattern: &str, but: &[&str]) -> bool {
        let but: Vec<_> = but.iter().map(|it| (*it).to_owned()).collect();
        handed_out(pattern, &but).is_some()
    }

    #[test]
    fn services_that_nobody_thought_of_have_keys_too() {
        for verb in [
            "listKeys",
            "LISTKEYS",
            "listAdminKeys",
            "listQueryKeys",
            "regenerateKey",
            "sharedKeys",
            "readonlykeys",
            "createAPIKey",
            "listSecrets",
            "listWithSecrets",
            "showSecret",
            "listCredentials",
            "regenerateCredential",
            "getAuthToken",
            "token",
            "listConnectionStrings",
            "getConnectionString",
            "ListAccountSas",
            "listUserKubeconfig",
            "resetPassword",
            "beginGetAccess",
            "listCallbackUrl",
        ] {
            assert!(is_handed_out(&format!("Contoso.Tomorrow/things/{verb}/action"), &[]), "{verb}");
        }
        for fine in [
            "Contoso.Tomorrow/things/listKeys/read",
            "Contoso.Tomorrow/keys/write",
            "Contoso.Tomorrow/things/start/action",
            "Contoso.Tomorrow/things/revokeTokens/action",
            "Contoso.Tomorrow/things/checkKey/action",
            "Contoso.Tomorrow/things/validateToken/action",
            "Contoso.Tomorrow/things/verifyPassword/action",
            "Contoso.Tomorrow/keys/delete",
            "Microsoft.Storage/storageAccounts/blobServices/generateUserDelegationKey/action",
            "action",
            "",
        ] {
            assert!(!is_handed_out(fine, &[]), "{fine}");
        }
    }

    #[test]
    fn stars_count_for_all_that_they_can_stand_for() {
        for star in ["*", "*/action", "*Keys/action", "list*/action", "listKeys/act*", "*s/*", "*revokeTokens/action"] {
            assert!(is_handed_out(&format!("Contoso.Tomorrow/things/{star}"), &[]), "{star}");
        }
        for fine in
            ["*/read", "Contoso.Tomorrow/*/write", "Contoso.Tomorrow/*/start/action", "Contoso.Tomorrow/*/delete"]
        {
            assert!(!is_handed_out(fine, &[]), "{fine}");
        }
        for fine in ["Microsoft.Support/*", "Microsoft.Insights/AlertRules/*", "Microsoft.Resources/deployments/*"] {
            assert!(!is_handed_out(fine, &[]), "{fine}");
        }
        assert!(is_handed_out("Microsoft.*/alertRules/*", &[]), "a star in front is any service's");
    }

    #[test]
    fn what_is_taken_away_again_counts_only_as_a_whole() {
        let all = "Contoso.Tomorrow/*";
        assert!(is_handed_out(all, &["Contoso.Tomorrow/things/listKeys/action"]));
        assert!(is_handed_out(all, &["*Keys/action"]));
        assert!(!is_handed_out(all, &["*/ACTION"]) && !is_handed_out(all, &["contoso.*"]));
        let one = "Contoso.Tomorrow/things/listKeys/action";
        assert!(!is_handed_out(one, &["*/listkeys/action"]));
    }
}
