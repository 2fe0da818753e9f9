//! What IAM limits: the size of trust policies, the policies of a role, roles and policies of the account.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::{Limit, ObjectId};

use crate::inventory::snapshot::Quotas;
use crate::objects::attachment::{self, Attachment};
use crate::objects::{managed_policy, role};
use crate::observe::iam::Reader;
use crate::policy::document;

impl Reader<'_> {
    pub(in crate::observe) fn limits(&mut self, quotas: Quotas) {
        let mut limits = Vec::new();
        let mut attached: BTreeMap<Cow<'_, str>, BTreeSet<Cow<'_, str>>> = BTreeMap::new();
        let mut attachments: BTreeMap<Cow<'_, str>, BTreeSet<ObjectId>> = BTreeMap::new();
        let (mut new_roles, mut new_policies) = (BTreeSet::new(), BTreeSet::new());
        for object in &self.desired.objects {
            let new = !self.observed.objects.contains_key(&object.id);
            match object.id.kind {
                role::KIND => {
                    new_roles.extend(new.then(|| object.id.clone()));
                    limits.push(Limit {
                        what: format!("characters in the trust policy of role {}", object.id.name),
                        quota: quotas.trust_size,
                        needed: role::Role::of(&object.attributes)
                            .map(|role| document::counted(role.trust.get()) as u64)
                            .unwrap_or_default(),
                        hint: "use project-domain scopes, which need a subject each, or ask AWS for a higher quota \
                               (Service Quotas, IAM, role trust policy length: up to 4,096)"
                            .to_owned(),
                        objects: [object.id.clone()].into(),
                    });
                }
                managed_policy::KIND => new_policies.extend(new.then(|| object.id.clone())),
                attachment::KIND => {
                    if let Ok(Attachment { role, policy }) = Attachment::of(&object.attributes) {
                        attachments.entry(role.clone()).or_default().insert(object.id.clone());
                        attached.entry(role).or_default().insert(policy);
                    }
                }
                _ => {}
            }
        }
        for (role, mut policies) in attached {
            let there = self.snapshot.roles.get(&*role).into_iter().flat_map(|role| role.attached.keys());
            let there: BTreeSet<Cow<'_, str>> = there.map(|arn| arn.as_str().into()).collect();
            let mut what = format!("managed policies attached to role {role}");
            // What the stack attached and no longer wants goes; everything else stays.
            policies.extend(there.iter().filter(|arn| !self.is_ours(arn)).cloned());
            if !policies.is_subset(&there) {
                // But it goes only when what comes is there.
                let wanted = policies.len();
                policies.extend(there);
                if policies.len() > wanted {
                    what.push_str(", until those that it no longer needs are detached");
                }
            }
            limits.push(Limit {
                what,
                quota: quotas.attached_per_role,
                needed: policies.len() as u64,
                hint: "grant less, detach what nobody needs, or ask AWS for a higher quota (Service Quotas, IAM, \
                       managed policies per role: up to 25)"
                    .to_owned(),
                objects: attachments.remove(&role).unwrap_or_default(),
            });
        }
        let account = &self.looking.config.account;
        let (roles, policies) = (self.snapshot.roles.len(), self.snapshot.policies.len());
        for (what, quota, there, objects) in [
            ("roles", quotas.roles, roles, new_roles),
            ("customer-managed policies", quotas.policies, policies, new_policies),
        ] {
            limits.push(Limit {
                what: format!("{what} in account {account}"),
                quota,
                needed: (there + objects.len()) as u64,
                hint: "use fewer and wider scopes, or ask AWS for a higher quota (Service Quotas, IAM)".to_owned(),
                objects,
            });
        }
        self.observed.limits.extend(limits);
    }
}
