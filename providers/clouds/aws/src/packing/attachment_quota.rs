//! How many more policies roles can carry: in the end, and on the way there, when what they are to carry and what they
//! are to lose hang on them together.

use cloudgrant_core::Scope;
use foldhash::{HashMap, HashMapExt as _};

use crate::inventory::snapshot::Snapshot;
use crate::names::Names;
use crate::packing::pack::Policy;

pub(crate) struct AttachmentQuota<'a> {
    names: &'a Names,
    snapshot: &'a Snapshot,
    quota: usize,
    task_policy: Option<String>,
    task_role: String,
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
            task_policy: task_policy.map(|name| name.rsplit('/').next().unwrap_or_default().to_owned()),
            task_role: names.role_of(&Scope::Global),
            loads: HashMap::new(),
        }
    }

    fn load(&mut self, role: &str) -> &mut Load {
        if !self.loads.contains_key(role) {
            let attached = self.snapshot.roles.get(role).map(|role| &role.attached);
            let there = attached.into_iter().flatten();
            let of_others = there.clone().filter(|(arn, _)| !self.names.is_policy_of_ours(arn)).count();
            // The platform's task role has the task policy already, whatever it is called.
            let lacks = |policy: &String| role != self.task_role && !there.clone().any(|(_, name)| name == policy);
            let missing = usize::from(self.task_policy.as_ref().is_some_and(lacks));
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
