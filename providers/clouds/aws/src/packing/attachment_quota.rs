//! How many more policies roles can carry: in the end, and on the way there, when what they are to carry and what they
//! are to lose hang on them together.

use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::Scope;
use foldhash::{HashMap, HashMapExt as _};

use crate::config::arn::name_in;
use crate::inventory::snapshot::Snapshot;
use crate::names::Names;
use crate::packing::pack::Policy;

pub(crate) struct AttachmentQuota<'a> {
    names: &'a Names,
    snapshot: &'a Snapshot,
    quota: usize,
    task_policy: Option<String>,
    task_role: String,
    /// The ARNs of policies of others that grants come to, by the role that is to carry them.
    existing: Option<&'a BTreeMap<String, BTreeSet<String>>>,
    loads: HashMap<String, Load>,
}

#[derive(Debug, Clone, Copy, Default)]
struct Load {
    /// In the end.
    carried: usize,
    /// Of these, how many are shared.
    shared: usize,
    /// On the way.
    most: usize,
}

impl<'a> AttachmentQuota<'a> {
    /// `quota` is how many managed policies a role may have; the task policy is one of them, on roles of the stack's.
    pub(crate) fn new(names: &'a Names, task_policy: Option<&str>, snapshot: &'a Snapshot, quota: u64) -> Self {
        Self {
            names,
            snapshot,
            quota: usize::try_from(quota).unwrap_or(usize::MAX),
            task_policy: task_policy.map(|policy| name_in(policy).to_owned()),
            task_role: names.role_of(&Scope::Global),
            existing: None,
            loads: HashMap::new(),
        }
    }

    /// The same with policies of others that roles are to carry.
    pub(crate) fn with_existing(self, by_role: &'a BTreeMap<String, BTreeSet<String>>) -> Self {
        Self { existing: Some(by_role), ..self }
    }

    fn load(&mut self, role: &str) -> &mut Load {
        if !self.loads.contains_key(role) {
            let attached = self.snapshot.roles.get(role).map(|role| &role.attached);
            let there = attached.into_iter().flatten();
            let of_others = there.clone().filter(|(arn, _)| !self.names.is_policy_of_ours(arn)).count();
            // The platform's task role has the task policy already, whatever it is called.
            let lacks = |policy: &String| role != self.task_role && !there.clone().any(|(_, name)| name == policy);
            let wanted = self.existing.and_then(|by_role| by_role.get(role)).into_iter().flatten();
            let existing = wanted.filter(|wanted| !there.clone().any(|(arn, _)| arn == *wanted)).count();
            let missing = existing + usize::from(self.task_policy.as_ref().is_some_and(lacks));
            let load = Load { carried: of_others + missing, shared: 0, most: there.count() + missing };
            self.loads.insert(role.to_owned(), load);
        }
        self.loads.entry(role.to_owned()).or_default()
    }

    fn is_attached(&self, role: &str, policy: &Policy) -> bool {
        let role = self.snapshot.roles.get(role);
        role.is_some_and(|role| role.attached.contains_key(&self.names.policy_arn(&policy.name)))
    }

    fn new_on(&self, role: &str, policies: &[Policy]) -> usize {
        policies.iter().filter(|policy| !self.is_attached(role, policy)).count()
    }

    fn shared_of(&self, policies: &[Policy]) -> usize {
        policies.iter().filter(|policy| self.names.is_shared_policy(&self.names.policy_arn(&policy.name))).count()
    }

    /// Keeps places free, until it is known what will take them: in the end for what may be shared, and on the way for
    /// what comes whatever is chosen.
    pub(crate) fn reserve(&mut self, roles: &[String], shared: &[Policy], own: &[Policy]) {
        for role in roles {
            let new = self.new_on(role, shared).min(self.new_on(role, own));
            let load = self.load(role);
            load.carried += shared.len();
            load.most += new;
        }
    }

    /// Undoes [`reserve`](Self::reserve).
    pub(crate) fn release(&mut self, roles: &[String], shared: &[Policy], own: &[Policy]) {
        for role in roles {
            let new = self.new_on(role, shared).min(self.new_on(role, own));
            let load = self.load(role);
            load.carried -= shared.len();
            load.most -= new;
        }
    }

    /// Whether so many policies can be shared, each with a free place beside it for the one that will follow it.
    pub(crate) fn is_enough(&mut self, roles: &[String], policies: usize) -> bool {
        let quota = self.quota;
        roles.iter().all(|role| {
            let load = self.load(role);
            load.carried + load.shared + 2 * policies <= quota
        })
    }

    /// Whether policies can be attached before others are detached.
    pub(crate) fn fits(&mut self, roles: &[String], policies: &[Policy]) -> bool {
        roles.iter().all(|role| {
            let new = self.new_on(role, policies);
            new == 0 || self.load(role).most + new <= self.quota
        })
    }

    pub(crate) fn take(&mut self, roles: &[String], policies: &[Policy]) {
        for role in roles {
            let (new, shared) = (self.new_on(role, policies), self.shared_of(policies));
            let load = self.load(role);
            load.carried += policies.len();
            load.shared += shared;
            load.most += new;
        }
    }

    /// Undoes [`take`](Self::take).
    pub(crate) fn leave(&mut self, roles: &[String], policies: &[Policy]) {
        for role in roles {
            let (new, shared) = (self.new_on(role, policies), self.shared_of(policies));
            let load = self.load(role);
            load.carried -= policies.len();
            load.shared -= shared;
            load.most -= new;
        }
    }
}

#[cfg(test)]
mod tests {
    use aws_sdk_iam::types::{AttachedPolicy, RoleDetail};
    use cloudgrant_core::Stack;

    use super::*;
    use crate::config::AccountId;
    use crate::policy::statement;

    /// Those that others keep and that a grant comes to take a place each, whether they are there already or not.
    #[test]
    fn existing_policies_take_places() {
        let (role, account) = ("tasks".to_owned(), AccountId::parse("111122223333").expect("an account"));
        let names = Names::new(Stack::parse("acme").expect("a stack"), "aws", account, None);
        let existing = ["one", "two"].map(|name| format!("arn:aws:iam::111122223333:policy/{name}"));
        let by_role = BTreeMap::from([(role.clone(), BTreeSet::from(existing.clone()))]);
        let new = || Policy {
            name: "cloudgrant_acme_global".to_owned(),
            document: statement::document([]),
            because: Vec::new(),
            after: Vec::new(),
            has_unasked: false,
        };
        for is_there in [true, false] {
            let attached = existing.iter().filter(|_| is_there).map(|arn| {
                AttachedPolicy::builder()
                    .policy_arn(arn)
                    .policy_name(arn.rsplit('/').next().unwrap_or_default())
                    .build()
            });
            let detail = RoleDetail::builder().role_name(&role).set_attached_managed_policies(Some(attached.collect()));
            let mut snapshot = Snapshot::default();
            snapshot.add_role(detail.build());
            for (quota, fits) in [(2, false), (3, true)] {
                let mut quota = AttachmentQuota::new(&names, None, &snapshot, quota).with_existing(&by_role);
                assert_eq!(quota.fits(std::slice::from_ref(&role), &[new()]), fits, "there: {is_there}");
            }
        }
        let snapshot = Snapshot::default();
        assert!(AttachmentQuota::new(&names, None, &snapshot, 2).fits(&[role], &[new()]), "it is these that take them");
    }
}
