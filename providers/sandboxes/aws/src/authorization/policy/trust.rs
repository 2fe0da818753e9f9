//! Trust policies: who may become a role.

use std::collections::BTreeMap;

use cloudgrant_sandbox_kit::wildcard::{matches, matches_case};
use serde_json::{Map, Value};

use super::parse::parse;
use super::principals;
use super::statement::{Refusal, statements, strict_sid, texts};
use crate::server::auth::Caller;
use crate::state::State;
use crate::state::model::Document;

/// Checks a trust policy, and resolves the roles that it names.
pub(crate) fn check(state: &State, text: &str) -> Result<Document, Refusal> {
    let document = parse(text).ok_or("This policy contains invalid Json")?;
    // Unlike elsewhere, the version may be absent and then means the older one.
    if !matches!(document.get("Version").map(Value::as_str), None | Some(Some("2012-10-17" | "2008-10-17"))) {
        return Err("The policy must contain a valid version string.".to_owned());
    }
    let (mut resolved, mut renamed) = (BTreeMap::new(), BTreeMap::new());
    for statement in statements(&document)? {
        strict_sid(statement)?;
        for field in ["Resource", "NotResource"] {
            if statement.contains_key(field) {
                return Err(format!("Has prohibited field {field}"));
            }
        }
        if statement.contains_key("NotPrincipal") {
            return Err("Has prohibited field NotPrincipal".to_owned());
        }
        let principal = statement.get("Principal").ok_or("Missing required field Principal")?;
        if !actions_fit(statement) {
            return Err("AssumeRole policy may only specify STS AssumeRole actions.".to_owned());
        }
        principals::check(state, principal, &mut resolved, &mut renamed).map_err(|problem| problem.iam())?;
    }
    Ok(Document { text: rename(text, &renamed), principals: resolved })
}

/// Replaces unique ids by the ARNs that AWS shows for them.
pub(crate) fn rename(text: &str, renamed: &BTreeMap<String, String>) -> String {
    renamed.iter().fold(text.to_owned(), |text, (id, arn)| text.replace(&format!("\"{id}\""), &format!("\"{arn}\"")))
}

fn actions_fit(statement: &Map<String, Value>) -> bool {
    let actions = statement.get("Action").or_else(|| statement.get("NotAction")).and_then(texts).unwrap_or_default();
    actions.iter().all(|action| {
        action.split_once(':').is_some_and(|(vendor, name)| {
            vendor.eq_ignore_ascii_case("sts")
                && [
                    "AssumeRole",
                    "AssumeRoleWithWebIdentity",
                    "AssumeRoleWithSAML",
                    "TagSession",
                    "SetSourceIdentity",
                    "SetContext",
                ]
                .iter()
                .any(|known| matches(name, known))
        })
    })
}

/// What an `sts:AssumeRole` says that conditions can demand. Source: IAM user guide, "IAM and AWS STS condition context keys".
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Presented<'a> {
    pub(crate) external_id: Option<&'a str>,
    pub(crate) session_name: Option<&'a str>,
}

impl<'a> Presented<'a> {
    /// The value of a key; none for one that isn't known here.
    fn value(&self, key: &str) -> Option<&'a str> {
        match key.to_ascii_lowercase().as_str() {
            "sts:externalid" => self.external_id,
            "sts:rolesessionname" => self.session_name,
            _ => None,
        }
    }
}

/// Whether a trust policy lets a caller become the role by `sts:AssumeRole`.
pub(crate) fn admits(state: &State, trust: &Document, caller: &Caller, presented: Presented<'_>) -> bool {
    is_allowed(state, trust, "sts:AssumeRole", |statement| {
        names_caller(statement, caller) && conditions_hold(statement.get("Condition"), |key| presented.value(key))
    })
}

/// Whether a trust policy lets whoever presents a token of this provider become the role. `keys` are what conditions can ask of the
/// token.
pub(crate) fn admits_token(
    state: &State,
    trust: &Document,
    action: &str,
    provider: &str,
    keys: &[(String, &str)],
) -> bool {
    let value = |key: &str| keys.iter().find(|(known, _)| known.eq_ignore_ascii_case(key)).map(|(_, value)| *value);
    is_allowed(state, trust, action, |statement| {
        let federated = statement.get("Principal").and_then(|principal| principal.get("Federated")).and_then(texts);
        federated.unwrap_or_default().contains(&provider) && conditions_hold(statement.get("Condition"), value)
    })
}

/// Whether a trust policy lets a service do each of these. What its conditions ask isn't known before the service acts.
pub(crate) fn admits_service(state: &State, trust: &Document, service: &str, actions: &[&str]) -> bool {
    actions.iter().all(|action| {
        is_allowed(state, trust, action, |statement| {
            let named = statement.get("Principal").and_then(|principal| principal.get("Service")).and_then(texts);
            let is_denied = statement.get("Effect").and_then(Value::as_str) == Some("Deny");
            named.unwrap_or_default().contains(&service) && !(is_denied && statement.contains_key("Condition"))
        })
    })
}

fn is_allowed(state: &State, trust: &Document, action: &str, is_meant: impl Fn(&Map<String, Value>) -> bool) -> bool {
    let Some(document) = parse(&state.show(trust)) else { return false };
    let Ok(statements) = statements(&document) else { return false };
    let applies = |effect: &str| {
        statements.iter().any(|statement| {
            let actions = statement.get("Action").and_then(texts).unwrap_or_default();
            statement.get("Effect").and_then(Value::as_str) == Some(effect)
                && actions.iter().any(|pattern| matches(pattern, action))
                && is_meant(statement)
        })
    };
    applies("Allow") && !applies("Deny")
}

/// Whether a statement names a caller, or their account.
pub(crate) fn names_caller(statement: &Map<String, Value>, caller: &Caller) -> bool {
    let Some(principal) = statement.get("Principal") else { return false };
    if principal.as_str() == Some("*") {
        return true;
    }
    let root = format!("arn:{}:iam::{}:root", caller.partition.id(), caller.account);
    principal.get("AWS").and_then(texts).unwrap_or_default().iter().any(|value| {
        *value == "*"
            || *value == caller.account
            || *value == root
            || *value == caller.arn
            || caller.role.as_ref().is_some_and(|role| *value == role.arn || *value == role.id)
    })
}

/// A statement with a condition on any other key than those that are presented does not apply.
fn conditions_hold<'a>(condition: Option<&Value>, presented: impl Fn(&str) -> Option<&'a str>) -> bool {
    let Some(condition) = condition.and_then(Value::as_object) else { return true };
    condition.iter().all(|(operator, keys)| {
        let fits: fn(&str, &str) -> bool = match operator.as_str() {
            "StringEquals" => |wanted, value| wanted == value,
            "StringLike" => matches_case,
            _ => return false,
        };
        keys.as_object().is_some_and(|keys| {
            keys.iter().all(|(key, values)| {
                let wanted = texts(values).unwrap_or_default();
                presented(key).is_some_and(|value| wanted.iter().any(|wanted| fits(wanted, value)))
            })
        })
    })
}

#[cfg(test)]
mod tests {
    use cloudgrant_sandbox_kit::Store;

    use serde_json::json;

    use super::*;
    use crate::partition::Partition;
    use crate::quotas::Quotas;
    use crate::server::auth::SessionRole;

    fn state(folder: &std::path::Path) -> State {
        let store = Store::open(folder, "aws").expect("opens");
        let quotas = Quotas::new(&BTreeMap::new()).expect("defaults");
        State::load(store, Partition::Commercial, quotas, std::time::Duration::ZERO).expect("loads")
    }

    fn one(statement: Value) -> String {
        json!({"Version": "2012-10-17", "Statement": statement}).to_string()
    }

    #[test]
    fn refusals() {
        let folder = tempfile::tempdir().expect("a folder");
        let state = state(folder.path());
        let service = json!({"Service": "ec2.amazonaws.com"});
        for (statement, message) in [
            (json!({"Effect": "Allow", "Action": "sts:AssumeRole"}), "Missing required field Principal"),
            (
                json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": service, "Resource": "*"}),
                "Has prohibited field Resource",
            ),
            (
                json!({"Effect": "Allow", "Action": "s3:GetObject", "Principal": service}),
                "AssumeRole policy may only specify STS AssumeRole actions.",
            ),
            (
                json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": "arn:aws:iam::111122223333:role/x"}}),
                "Invalid principal in policy: \"AWS\":\"arn:aws:iam::111122223333:role/x\"",
            ),
            (
                json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"Service": "ec2"}}),
                "Invalid principal in policy: \"SERVICE\":\"ec2\"",
            ),
            (json!({"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {}}), "Syntax errors in policy."),
        ] {
            assert_eq!(check(&state, &one(statement)).expect_err(message), message);
        }
        assert_eq!(check(&state, "{").expect_err("no JSON"), "This policy contains invalid Json");
    }

    #[test]
    fn what_irsa_and_pod_identity_need_is_accepted() {
        let folder = tempfile::tempdir().expect("a folder");
        let state = state(folder.path());
        for statement in [
            json!([{"Effect": "Allow", "Action": "sts:AssumeRoleWithWebIdentity",
                "Principal": {"Federated": "arn:aws:iam::111122223333:oidc-provider/nobody.knows/it"},
                "Condition": {"StringEquals": {"nobody.knows/it:sub": ["a", "b"], "nobody.knows/it:aud": "sts.amazonaws.com"}}}]),
            json!([{"Effect": "Allow", "Action": ["sts:AssumeRole", "sts:TagSession"], "Principal": {"Service": "pods.eks.amazonaws.com"}}]),
            json!([{"Effect": "Allow", "Action": "sts:AssumeRole", "Principal": {"AWS": ["111122223333", "arn:aws:iam::444455556666:root"]}}]),
        ] {
            let document = check(&state, &one(statement)).expect("AWS accepts it");
            assert!(document.principals.is_empty());
        }
    }

    #[test]
    fn trust_is_evaluated() {
        let folder = tempfile::tempdir().expect("a folder");
        let state = state(folder.path());
        let mut caller = Caller {
            partition: Partition::Commercial,
            account: "111122223333".into(),
            region: "us-west-2".into(),
            arn: crate::server::auth::user_arn(Partition::Commercial, "111122223333"),
            user_id: String::new(),
            role: None,
        };
        let trust = |principal: Value, condition: Value| Document {
            text: one(
                json!([{"Effect": "Allow", "Principal": principal, "Action": "sts:AssumeRole", "Condition": condition}]),
            ),
            ..Document::default()
        };
        let root = json!({"AWS": "arn:aws:iam::111122223333:root"});
        let nothing = Presented::default();
        assert!(admits(&state, &trust(root.clone(), json!({})), &caller, nothing));
        assert!(!admits(&state, &trust(json!({"AWS": "arn:aws:iam::444455556666:root"}), json!({})), &caller, nothing));
        let external = trust(root.clone(), json!({"StringEquals": {"sts:ExternalId": "x"}}));
        let by = |external_id| Presented { external_id: Some(external_id), ..nothing };
        assert!(admits(&state, &external, &caller, by("x")));
        assert!(!admits(&state, &external, &caller, by("y")) && !admits(&state, &external, &caller, nothing));
        let named = trust(root.clone(), json!({"StringEquals": {"sts:RoleSessionName": "ci-42"}}));
        assert!(admits(&state, &named, &caller, Presented { session_name: Some("ci-42"), ..nothing }));
        assert!(!admits(&state, &named, &caller, Presented { session_name: Some("cloudgrant"), ..nothing }));
        assert!(!admits(&state, &named, &caller, by("ci-42")));
        let with_a_device = trust(root, json!({"Bool": {"aws:MultiFactorAuthPresent": "true"}}));
        assert!(!admits(&state, &with_a_device, &caller, nothing));
        let by_role = trust(json!({"AWS": "arn:aws:iam::111122223333:role/ci"}), json!({}));
        assert!(!admits(&state, &by_role, &caller, nothing));
        caller.role = Some(SessionRole { arn: "arn:aws:iam::111122223333:role/ci".into(), id: "AROAX".into() });
        assert!(admits(&state, &by_role, &caller, nothing));
    }
}
