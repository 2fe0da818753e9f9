//! What is to be undone on the platform before a role goes, or stops trusting somebody.

use std::cell::OnceCell;
use std::collections::{BTreeMap, BTreeSet, HashSet};

use cloudgrant_core::{Object, Pair, Scope};
use serde_json::Value;

use crate::Aws;
use crate::objects::kinds;

/// What is to be undone on the platform before a role goes, or stops trusting somebody.
#[derive(Debug)]
pub(crate) struct Unbinding<'a> {
    aws: &'a Aws,
    /// All pairs that are listed, in that order, by their subjects. There can be very many pairs, and very many roles that ask.
    pairs: OnceCell<BTreeMap<String, Vec<(usize, Pair)>>>,
    wanted: &'a [Object],
    /// All whom a wanted role trusts.
    trusted: OnceCell<HashSet<String>>,
}

impl<'a> Unbinding<'a> {
    pub(crate) fn new(aws: &'a Aws, wanted: &'a [Object]) -> Self {
        Self { aws, pairs: OnceCell::new(), wanted, trusted: OnceCell::new() }
    }

    fn trusted(&self) -> &HashSet<String> {
        self.trusted.get_or_init(|| {
            let roles = self.wanted.iter().filter(|object| object.id.kind == kinds::ROLE);
            let trusted = |role: &Object| {
                let attributes = role.attributes.value();
                subjects(&attributes["trust"]).into_iter().map(str::to_owned).collect::<Vec<_>>()
            };
            roles.flat_map(trusted).collect()
        })
    }

    fn pairs(&self, subject: &str) -> &[(usize, Pair)] {
        let pairs = self.pairs.get_or_init(|| {
            let mut pairs: BTreeMap<_, Vec<_>> = BTreeMap::new();
            for (at, (pair, subject)) in
                self.aws.context.platform.tenancy().subjects(&Scope::Global).into_iter().enumerate()
            {
                pairs.entry(subject.to_string()).or_default().push((at, pair));
            }
            pairs
        });
        pairs.get(subject).map_or(&[], Vec::as_slice)
    }

    /// Before a role goes, for the pairs whose task code it trusts: the way back from what binding it took.
    pub(crate) fn if_deleted(&self, name: &str, trust: &Value) -> String {
        let platform = &self.aws.context.platform;
        let fails = format!("task code that is still bound to {name} fails without it");
        if platform.backend().is_some() {
            // Nobody else has to do anything for it.
            return format!("{fails}. {}", platform.unbinding(&[]));
        }
        let said = format!("{fails}: unbind it on the platform first");
        let mut bound: Vec<_> = subjects(trust).into_iter().flat_map(|subject| self.pairs(subject)).collect();
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
        let stays = subjects(will_be);
        let mut left = subjects(trusted);
        left.retain(|subject| !stays.contains(subject));
        if left.is_empty() {
            return None;
        }
        left.retain(|subject| self.pairs(subject).is_empty() || !self.trusted().contains(*subject));
        if left.is_empty() {
            return None;
        }
        let platform = &self.aws.context.platform;
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
        let first = if platform.backend().is_some() { "" } else { ": unbind it on the platform first" };
        Some(format!(
            "task code of {} that is still bound to {name} fails once this is done{first}. {}",
            left.join(", "),
            platform.unbinding(&bound)
        ))
    }
}

/// All service accounts that a trust policy names.
fn subjects(trust: &Value) -> BTreeSet<&str> {
    match trust {
        Value::String(text) if text.starts_with("system:serviceaccount:") => [text.as_str()].into(),
        Value::Array(all) => all.iter().flat_map(subjects).collect(),
        Value::Object(all) => all.values().flat_map(subjects).collect(),
        _ => BTreeSet::new(),
    }
}
