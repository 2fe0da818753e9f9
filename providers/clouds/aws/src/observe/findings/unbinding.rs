//! What is to be undone on the platform before a role goes, or stops trusting somebody.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, HashSet};

use cloudgrant_core::{Object, Pair, Scope};
use serde_json::Value;

use crate::objects::role;
use crate::observe::looking::Looking;
use crate::policy::trust;

/// What is to be undone on the platform before a role goes, or stops trusting somebody.
#[derive(Debug)]
pub(crate) struct Unbinding<'a> {
    looking: Looking<'a>,
    /// All pairs that are listed, in that order, by their subjects. There can be very many pairs, and very many roles that ask.
    pairs: OnceCell<BTreeMap<String, Vec<(usize, Pair)>>>,
    wanted: &'a [Object],
    /// All whom a wanted role trusts.
    trusted: OnceCell<HashSet<String>>,
}

impl<'a> Unbinding<'a> {
    pub(crate) fn new(looking: Looking<'a>, wanted: &'a [Object]) -> Self {
        Self { looking, pairs: OnceCell::new(), wanted, trusted: OnceCell::new() }
    }

    fn trusted(&self) -> &HashSet<String> {
        self.trusted.get_or_init(|| {
            let roles = self.wanted.iter().filter(|object| object.id.kind == role::KIND);
            let trusted = |role: &Object| {
                role::Role::of(&role.attributes).map(|role| trust::subjects(&role.trust())).unwrap_or_default()
            };
            roles.flat_map(trusted).collect()
        })
    }

    fn pairs(&self, subject: &str) -> &[(usize, Pair)] {
        let pairs = self.pairs.get_or_init(|| {
            let mut pairs: BTreeMap<_, Vec<_>> = BTreeMap::new();
            for (at, (pair, subject)) in
                self.looking.platform.tenancy().subjects(&Scope::Global).into_iter().enumerate()
            {
                pairs.entry(subject.to_string()).or_default().push((at, pair));
            }
            pairs
        });
        pairs.get(subject).map_or(&[], Vec::as_slice)
    }

    /// Before a role goes, for the pairs whose task code it trusts: the way back from what binding it took.
    pub(crate) fn if_deleted(&self, name: &str, trust: &Value) -> String {
        let platform = &self.looking.platform;
        let fails = format!("task code that is still bound to {name} fails without it");
        if trust::is_of_pod_identity(trust) {
            return format!(
                "{fails}. EKS no longer gives it to pods that start after their associations are gone, in the same run"
            );
        }
        if platform.backend().is_some() {
            // Nobody else has to do anything for it.
            return format!("{fails}. {}", platform.unbinding(&[]));
        }
        let said = format!("{fails}: unbind it on the platform first");
        let subjects = trust::subjects(trust);
        let mut bound: Vec<_> = subjects.iter().flat_map(|subject| self.pairs(subject)).collect();
        bound.sort_by_key(|(at, _)| at);
        let bound: Vec<_> =
            bound.into_iter().map(|(_, Pair { project, domain })| format!("`-p {project} -d {domain}`")).collect();
        if bound.is_empty() {
            return said;
        }
        format!("{said}. {}", platform.unbinding(&bound))
    }

    /// Before a role stops trusting some of those whom it trusts: a project or a domain has left the platform's lists, or a grant
    /// its scope. Whoever another role trusts by then is bound to that one, which the plan says.
    pub(crate) fn if_updated(&self, name: &str, trusted: &Value, will_be: &Value) -> Option<String> {
        if let Some(warning) = moves(name, trusted, will_be) {
            return Some(warning);
        }
        let (stays, before) = (trust::subjects(will_be), trust::subjects(trusted));
        let mut left: BTreeSet<_> = before.difference(&stays).map(String::as_str).collect();
        if left.is_empty() {
            return None;
        }
        left.retain(|subject| self.pairs(subject).is_empty() || !self.trusted().contains(*subject));
        if left.is_empty() {
            return None;
        }
        let platform = &self.looking.platform;
        let tenancy = platform.tenancy();
        let told = |Pair { project, domain }: &Pair| format!("`-p {project} -d {domain}`");
        let bound: Vec<_> = left
            .iter()
            .flat_map(|subject| match self.pairs(subject) {
                [] => vec![match tenancy.naming.pair(subject, &tenancy.domains) {
                    Some(pair) => told(&pair),
                    // Nobody can tell any more where the project ends and the domain begins, or which of several it is.
                    None => format!("the project and the domain of {subject}"),
                }],
                // Several may run as one service account.
                pairs => pairs.iter().map(|(_, pair)| told(pair)).collect(),
            })
            .collect();
        let left: Vec<_> = left.into_iter().collect();
        let by_itself = platform.backend().is_some() || trust::is_of_pod_identity(trusted);
        let first = if by_itself { "" } else { ": unbind it on the platform first" };
        if trust::is_of_pod_identity(trusted) {
            let left = left.into_iter().collect::<Vec<_>>().join(", ");
            return Some(format!("task code of {left} that is still bound to {name} fails once this is done"));
        }
        Some(format!(
            "task code of {} that is still bound to {name} fails once this is done{first}. {}",
            left.join(", "),
            platform.unbinding(&bound)
        ))
    }
}

/// Before a role lets pods in by the other way. Pods keep the way that they were started with. Source: Amazon EKS user guide, "Learn how
/// EKS Pod Identity grants pods access to AWS services".
fn moves(name: &str, trusted: &Value, will_be: &Value) -> Option<String> {
    let (before, after) = (trust::is_of_pod_identity(trusted), trust::is_of_pod_identity(will_be));
    if before == after || trust::subjects(trusted).is_empty() {
        return None;
    }
    let (from, to) = if after {
        ("IAM roles for service accounts", "EKS Pod Identity")
    } else {
        ("EKS Pod Identity", "IAM roles for service accounts")
    };
    Some(format!(
        "pods get {name} by {to} from now on; those that run by now keep asking by {from}, and fail once their credentials end: let them \
         finish, or start them anew"
    ))
}
