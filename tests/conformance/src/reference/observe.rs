//! The provider: what is there.

use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::{Confirmed, Desired, Found, HowAsked, Limit, ObjectId, Observed, Result, Widening};
use serde_json::json;

use super::cloud::{Item, Kind};
use super::provider::{ATTACHMENT, CONFIRMED, POLICY, PRINCIPAL, Reference, STATEMENT, is_ours};

/// How many policies a principal may have.
const MOST_POLICIES: u64 = 10;

impl Reference {
    /// What is there of the wanted objects, and what the stack owns besides.
    pub(super) fn look(&self, desired: &Desired) -> Result<Observed> {
        let mut observed = Observed::default();
        let principals = self.items(Kind::Principal, PRINCIPAL, desired, &mut observed)?;
        let policies = self.items(Kind::Policy, POLICY, desired, &mut observed)?;
        self.attachments(&policies, &mut observed)?;
        self.widened(&principals, &policies, &mut observed)?;
        self.statements(desired, &mut observed)?;
        limits(desired, &mut observed);
        observed.confirmed = self.confirmed(&observed);
        Ok(observed)
    }

    /// What the stack's own policies say that was confirmed.
    fn confirmed(&self, observed: &Observed) -> BTreeMap<ObjectId, Option<Confirmed>> {
        let begin = self.own(CONFIRMED);
        let is_mark = |id: &ObjectId, found: &Found| id.kind == POLICY && id.name.starts_with(&begin) && found.owned;
        let says = |id: &ObjectId, found: &Found| {
            let [handoff, document, on] = ["confirms", "document", "on"].map(|key| found.attributes.text(key));
            let how = HowAsked::parse_texts(found.attributes.text("how")?.lines())?;
            let says = Confirmed::parse(&handoff?, &document?, &on?, how)?;
            id.name.ends_with(&says.digits()).then_some(says)
        };
        let marks = observed.objects.iter().filter(|(id, found)| is_mark(id, found));
        marks.map(|(id, found)| (id.clone(), says(id, found))).collect()
    }

    /// Principals or policies; answers with the names of the stack's own.
    fn items(&self, kind: Kind, name: &'static str, desired: &Desired, observed: &mut Observed) -> Result<Vec<String>> {
        let own = self.ask(self.cloud.list(kind, &self.stack))?;
        let names: Vec<_> = own.iter().map(|(name, _)| name.clone()).collect();
        for (own, item) in own {
            observed.objects.insert(ObjectId::new(name, own), self.found(item));
        }
        // Under a wanted name there may be something that isn't ours: core has to know.
        for object in desired.objects.iter().filter(|object| object.id.kind == name) {
            if observed.objects.contains_key(&object.id) {
                continue;
            }
            if let Some(item) = self.ask(self.cloud.get(kind, &object.id.name))? {
                observed.objects.insert(object.id.clone(), self.found(item));
            }
        }
        Ok(names)
    }

    fn found(&self, item: Item) -> Found {
        Found {
            owned: item.owner.as_deref() == Some(&self.stack),
            attributes: item.body.into(),
            depends_on: Vec::new(),
            if_deleted: None,
            touches: Vec::new(),
        }
    }

    /// An attachment carries no mark: it is ours if its policy is.
    fn attachments(&self, policies: &[String], observed: &mut Observed) -> Result<()> {
        for policy in policies {
            for principal in self.ask(self.cloud.holders(policy))? {
                let depends_on = vec![ObjectId::new(PRINCIPAL, &principal), ObjectId::new(POLICY, policy)];
                let found = Found {
                    attributes: json!({ "principal": principal, "policy": policy }).into(),
                    owned: true,
                    depends_on,
                    if_deleted: None,
                    touches: if principal == self.config.task_principal { vec![principal.clone()] } else { Vec::new() },
                };
                observed.objects.insert(ObjectId::new(ATTACHMENT, format!("{principal}/{policy}")), found);
            }
        }
        Ok(())
    }

    /// Policies of others on principals of ours.
    fn widened(&self, principals: &[String], policies: &[String], observed: &mut Observed) -> Result<()> {
        for principal in principals {
            let all = self.ask(self.cloud.policies_of(principal))?;
            observed.widened.extend(all.into_iter().filter(|policy| !policies.contains(policy)).map(|policy| {
                Widening {
                    object: ObjectId::new(PRINCIPAL, principal),
                    what: format!("has the policy {policy}, which this stack did not give it"),
                    remedy: format!("cloud detach {principal} {policy}"),
                }
            }));
        }
        Ok(())
    }

    fn statements(&self, desired: &Desired, observed: &mut Observed) -> Result<()> {
        let wanted = desired.objects.iter().filter(|object| object.id.kind == STATEMENT);
        let mut registries: BTreeSet<_> = wanted.flat_map(|object| object.touches.clone()).collect();
        let all = self.ask(self.cloud.registries())?;
        registries.extend(all.into_iter().filter(|registry| is_ours(registry)));
        for registry in registries {
            for statement in self.ask(self.cloud.read(&registry))? {
                // With the slash: `acme-2/x` isn't the stack acme's.
                if !statement.id.starts_with(&format!("{}/", self.stack)) {
                    continue;
                }
                let id = ObjectId::new(STATEMENT, format!("{registry}#{}", statement.id));
                // What somebody wrote for us into a document that we can't write isn't ours to take back.
                if !is_ours(&registry) && !desired.objects.iter().any(|object| object.id == id) {
                    continue;
                }
                let found = Found {
                    attributes: json!({ "registry": registry, "id": statement.id, "may": statement.may }).into(),
                    owned: is_ours(&registry),
                    depends_on: Vec::new(),
                    if_deleted: None,
                    touches: vec![registry.clone()],
                };
                observed.objects.insert(id, found);
            }
        }
        Ok(())
    }
}

fn limits(desired: &Desired, observed: &mut Observed) {
    let mut attached: BTreeMap<String, BTreeSet<ObjectId>> = BTreeMap::new();
    for object in desired.objects.iter().filter(|object| object.id.kind == ATTACHMENT) {
        if let Some(principal) = object.attributes.text("principal") {
            attached.entry(principal).or_default().insert(object.id.clone());
        }
    }
    observed.limits.extend(attached.into_iter().map(|(principal, objects)| Limit {
        what: format!("policies of principal {principal}"),
        quota: MOST_POLICIES,
        needed: objects.len() as u64,
        hint: "put several resources into one grant".to_owned(),
        objects,
    }));
}
