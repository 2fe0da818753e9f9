//! Who has which annotation of a service account: what `metadata.managedFields` says.
//!
//! Source: Kubernetes documentation, "Server-Side Apply", field management.

use std::collections::BTreeMap;

use k8s_openapi::api::core::v1::ServiceAccount;
use k8s_openapi::apimachinery::pkg::apis::meta::v1::ManagedFieldsEntry;

/// The manager to which a server gives what was there before anybody applied.
const BEFORE_FIRST_APPLY: &str = "before-first-apply";

/// The annotations that a manager has applied, with the values that are there.
pub(crate) fn applied_by(account: &ServiceAccount, manager: &str) -> BTreeMap<String, String> {
    let entries: Vec<_> = entries(account).filter(|entry| is_of(entry, manager)).collect();
    let has = |key: &str| entries.iter().any(|entry| names(entry, key));
    let annotations = account.metadata.annotations.iter().flatten();
    annotations.filter(|(key, _)| has(key)).map(|(key, value)| (key.clone(), value.clone())).collect()
}

/// Who else has an annotation: managers by name. Of what nobody has written down, some hand has set it.
pub(crate) fn others_with(account: &ServiceAccount, key: &str, manager: &str) -> Vec<String> {
    let mut others = Vec::new();
    let mut is_tracked = false;
    for entry in entries(account).filter(|entry| names(entry, key)) {
        is_tracked = true;
        let name = entry.manager.clone().unwrap_or_default();
        if !is_of(entry, manager) && !others.contains(&name) {
            others.push(name);
        }
    }
    let is_there = account.metadata.annotations.as_ref().is_some_and(|all| all.contains_key(key));
    // A server writes nothing down until the first apply comes, and then gives it to this manager.
    if is_there && !is_tracked {
        others.push(BEFORE_FIRST_APPLY.to_owned());
    }
    others
}

/// A manager's name for people.
pub(crate) fn told(manager: &str) -> String {
    match manager {
        BEFORE_FIRST_APPLY => format!("`{BEFORE_FIRST_APPLY}`, which is whoever set it by hand"),
        manager => format!("`{}`", cloudgrant_core::redacted(manager)),
    }
}

/// Who manages anything of an account.
pub(crate) fn managers(account: &ServiceAccount) -> impl Iterator<Item = &str> {
    entries(account).filter_map(|entry| entry.manager.as_deref())
}

fn entries(account: &ServiceAccount) -> impl Iterator<Item = &ManagedFieldsEntry> {
    account.metadata.managed_fields.iter().flatten()
}

/// What a manager has merely updated is none of what it applied: both have entries of their own.
fn is_of(entry: &ManagedFieldsEntry, manager: &str) -> bool {
    entry.manager.as_deref() == Some(manager)
        && entry.operation.as_deref() == Some("Apply")
        && entry.subresource.is_none()
}

fn names(entry: &ManagedFieldsEntry, key: &str) -> bool {
    let fields = entry.fields_v1.as_ref().map(|fields| &fields.0["f:metadata"]["f:annotations"]);
    fields.is_some_and(|fields| fields.get(format!("f:{key}")).is_some())
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn account(entries: &[(&str, &str, &[&str])]) -> ServiceAccount {
        let entry = |(manager, operation, keys): &(&str, &str, &[&str])| {
            let keys: serde_json::Map<_, _> = keys.iter().map(|key| (format!("f:{key}"), json!({}))).collect();
            json!({
                "manager": manager, "operation": operation, "apiVersion": "v1", "fieldsType": "FieldsV1",
                "fieldsV1": { "f:metadata": { "f:annotations": keys } },
            })
        };
        let entries: Vec<_> = entries.iter().map(entry).collect();
        let metadata = json!({ "name": "default", "annotations": { "a/b": "1", "c": "2" }, "managedFields": entries });
        serde_json::from_value(json!({ "metadata": metadata })).expect("a service account")
    }

    #[test]
    fn only_what_a_manager_applied_is_its_own() {
        let account =
            account(&[("we", "Apply", &["a/b", "gone"]), ("we", "Update", &["c"]), ("helm", "Apply", &["c"])]);
        assert_eq!(applied_by(&account, "we"), BTreeMap::from([("a/b".to_owned(), "1".to_owned())]));
        assert_eq!(applied_by(&account, "w"), BTreeMap::new());
    }

    #[test]
    fn whoever_else_has_an_annotation_is_named() {
        let shared = account(&[("we", "Apply", &["a/b"]), ("helm", "Apply", &["a/b"]), ("helm", "Update", &["a/b"])]);
        assert_eq!(others_with(&shared, "a/b", "we"), ["helm"]);
        assert_eq!(others_with(&shared, "c", "we"), [BEFORE_FIRST_APPLY], "nobody has written it down");
        assert!(others_with(&shared, "absent", "we").is_empty());
        assert!(others_with(&account(&[("we", "Apply", &["a/b"])]), "a/b", "we").is_empty());
    }
}
