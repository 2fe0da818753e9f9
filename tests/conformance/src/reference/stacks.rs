//! The provider: which stacks there are.

use std::collections::{BTreeMap, BTreeSet};

use cloudgrant_core::{FoundStack, ObjectId, Result, Stack, Stacks};

use super::cloud::Kind;
use super::provider::{HOME, POLICY, PRINCIPAL, Reference};

impl Reference {
    /// The stacks by their marks, which say the home as well.
    pub(super) fn list(&self) -> Result<Stacks> {
        let mut all: BTreeMap<String, (BTreeSet<ObjectId>, BTreeSet<String>)> = BTreeMap::new();
        for (kind, called) in [(Kind::Principal, PRINCIPAL), (Kind::Policy, POLICY)] {
            for (name, item) in self.ask(self.cloud.all(kind))? {
                if let Some(owner) = item.owner {
                    all.entry(owner).or_default().0.insert(ObjectId::new(called, name));
                }
            }
        }
        // What is in documents may be all that is left.
        for registry in self.ask(self.cloud.registries())? {
            for statement in self.ask(self.cloud.read(&registry))? {
                if let Some((owner, _)) = statement.id.split_once('/') {
                    all.entry(owner.to_owned()).or_default().1.insert(format!("the document of {registry}"));
                }
            }
        }
        let found = all.into_iter().filter_map(|(owner, (objects, elsewhere))| {
            let (name, home) = owner.split_once('@').unwrap_or((&owner, HOME));
            let here = self.config.home.as_deref().unwrap_or(HOME);
            let settings = BTreeMap::from([("home".to_owned(), home.to_owned())]);
            Some(FoundStack {
                name: Stack::parse(name).ok()?,
                home: home.to_owned(),
                is_this: owner == self.stack,
                objects,
                elsewhere,
                platform_places: BTreeSet::new(),
                settings: Some(if home == here { BTreeMap::new() } else { settings }),
                fill_in: BTreeMap::new(),
                platform_settings: BTreeMap::new(),
            })
        });
        Ok(Stacks { found: found.collect(), unsearched: Vec::new() })
    }
}
