//! What is in a cloud and on its platform.

use std::collections::{BTreeMap, BTreeSet};

use super::access::{Access, Atom};

/// Whoever task code can run under.
#[derive(Debug, Clone, Default)]
pub struct Principal {
    /// How the platform names it: an ARN, a client ID.
    pub reference: String,
    /// Whether the stack made it.
    pub is_of_stack: bool,
    /// The subjects that it trusts; `None` where that is its owner's to say.
    pub trusts: Option<BTreeSet<String>>,
    /// What it may.
    pub may: Access,
}

/// What is there.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// By name.
    pub principals: BTreeMap<String, Principal>,
    /// The principal of pods that nobody told of another one.
    pub default: String,
    /// What the stack made, and what carries its mark, but for what gives access by itself.
    pub objects: BTreeSet<String>,
    /// Parts of others' documents, attachments and assignments that are the stack's.
    pub parts: BTreeSet<String>,
    /// What refers to something that isn't there.
    pub dangling: BTreeSet<String>,
    /// What the platform is told, by namespace: names of principals, or what names none.
    pub told: BTreeMap<String, String>,
}

/// The namespaces of all projects and domains.
pub(super) const NAMESPACES: [&str; 4] =
    ["forecasting-development", "forecasting-production", "vision-development", "vision-production"];

impl Seen {
    /// The name of the principal that a reference means, or the reference.
    pub fn name_of(&self, reference: &str) -> String {
        let found = self.principals.iter().find(|(name, one)| one.reference == reference || *name == reference);
        found.map_or_else(|| reference.to_owned(), |(name, _)| name.clone())
    }

    /// The principal under which a namespace's pods run.
    pub fn runs_under(&self, namespace: &str) -> &str {
        self.told.get(namespace).unwrap_or(&self.default)
    }

    /// What a namespace's pods may.
    pub fn may(&self, namespace: &str) -> &[Atom] {
        let Some(principal) = self.principals.get(self.runs_under(namespace)) else { return &[] };
        let subject = format!("system:serviceaccount:{namespace}:default");
        let is_trusted = principal.trusts.as_ref().is_none_or(|trusted| trusted.contains(&subject));
        if is_trusted { &principal.may } else { &[] }
    }

    /// What names something that isn't there, or that doesn't trust whom the platform tells of it.
    pub fn gone(&self) -> BTreeSet<String> {
        let mut gone = self.dangling.clone();
        for (namespace, name) in &self.told {
            match self.principals.get(name) {
                None => _ = gone.insert(format!("{namespace} is told of {name}, which isn't there")),
                Some(principal) => {
                    let subject = format!("system:serviceaccount:{namespace}:default");
                    if principal.trusts.as_ref().is_some_and(|trusted| !trusted.contains(&subject)) {
                        gone.insert(format!("{namespace} is told of {name}, which doesn't trust it"));
                    }
                }
            }
        }
        gone
    }
}
