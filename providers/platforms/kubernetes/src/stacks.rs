//! Which stacks have annotations in a cluster, by the field managers under which they own them.

use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::{Marked, ObjectId, Result, quoted};
use k8s_openapi::api::core::v1::ServiceAccount;

use crate::backend::ServiceAccounts;
use crate::errors::{asked, needing};
use crate::fields::{applied_by, managers};
use crate::manager::stack_of;
use crate::names::{id, name_of};
use crate::observe::LIST_ACCOUNTS;

pub(crate) async fn marked(backend: &ServiceAccounts) -> Result<Vec<Marked>> {
    const WHAT: &str = "can't list the service accounts of the Kubernetes cluster";
    let listed = backend.cluster.connected().await?.service_accounts(None).await;
    let accounts = listed.map_err(|error| needing(asked(WHAT, &error), LIST_ACCOUNTS, None))?;
    Ok(of(&accounts))
}

fn of(accounts: &[ServiceAccount]) -> Vec<Marked> {
    let mut all: BTreeMap<&str, BTreeSet<ObjectId>> = BTreeMap::new();
    for account in accounts {
        let Some(name) = name_of(account) else { continue };
        let ours = managers(account).filter(|manager| stack_of(manager).is_some());
        for manager in ours.filter(|manager| !applied_by(account, manager).is_empty()) {
            all.entry(manager).or_default().insert(id(&name));
        }
    }
    let told = |(manager, objects): (&str, BTreeSet<ObjectId>)| {
        let remedy = format!(
            "or have each service account applied once more without annotations (`kubectl apply --server-side --field-manager \
             {}`)",
            quoted(manager)
        );
        Some(Marked { stack: stack_of(manager)?, mark: manager.to_owned(), objects, remedy })
    };
    all.into_iter().filter_map(told).collect()
}

#[cfg(test)]
mod tests {
    use cloudgrant_core::Stack;
    use serde_json::json;

    use super::*;

    fn account(name: &str, managers: &[&str]) -> ServiceAccount {
        let entry = |manager: &&str| {
            json!({
                "manager": manager, "operation": "Apply", "apiVersion": "v1", "fieldsType": "FieldsV1",
                "fieldsV1": { "f:metadata": { "f:annotations": { "f:role": {} } } },
            })
        };
        let entries: Vec<_> = managers.iter().map(entry).collect();
        let metadata =
            json!({ "namespace": "a", "name": name, "annotations": { "role": "1" }, "managedFields": entries });
        serde_json::from_value(json!({ "metadata": metadata })).expect("a service account")
    }

    #[test]
    fn annotations_are_told_by_whose_they_are() {
        let backend = |stack: &str| ServiceAccounts::new(&Stack::parse(stack).expect("a stack"), "home");
        let (acme, other) = (backend("acme-ml").manager, backend("other").manager);
        let foreign = ["helm", "cloudgrant.acme", "cloudgrant.acme.0123", "cloudgrant.Not_A_Stack!.0123456789abcdef"];
        let accounts = [account("one", &[&acme, "helm"]), account("two", &[&other, &acme]), account("three", &foreign)];
        let told: Vec<_> = of(&accounts)
            .into_iter()
            .map(|one| (one.stack.to_string(), one.mark, one.objects.into_iter().map(|object| object.name).collect()))
            .collect();
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
        assert_eq!(
            told,
            [("acme-ml".to_owned(), acme, names(&["a/one", "a/two"])), ("other".to_owned(), other, names(&["a/two"])),]
        );
    }
}
