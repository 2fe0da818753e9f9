//! How a platform of Flyte's family is told of principals: by its cluster resource attributes where its charts make the annotation
//! of these, and by the service accounts themselves otherwise.

use cloudgrant_core::{
    Asked, DeliveryFile, Desired, Handoff, Identity, ObjectId, Pair, Principal, Result, Scope, Tenancy,
};

use crate::helm::Chart;
use crate::{ClusterResourceAttributes, PLATFORM_BINDING, annotation, by_scope, known, service_accounts};

/// What a platform's tool and its charts call things.
#[derive(Debug)]
pub struct Delivery {
    /// The record of a project and domain.
    pub attributes: ClusterResourceAttributes,
    /// The annotation of which the charts make values: their service accounts have a template for it.
    pub templated: &'static str,
    /// The annotation for which the charts have none: somebody writes it on the service accounts.
    pub annotated: &'static str,
    /// All annotations that the platform's own templates make of [`attributes`](Self::attributes), whatever the cloud: what its
    /// API can be told of.
    pub of_attributes: &'static [&'static str],
    /// The charts that have values for each domain.
    pub charts: &'static [Chart],
}

impl Delivery {
    /// What the platform must be told. `ask` says how its vendor is asked for a principal that only they can make.
    ///
    /// # Errors
    /// Those of `ask`.
    pub fn desired(
        &self,
        principals: &[Principal],
        ask: impl Fn(&Principal, &Asked) -> Result<Desired>,
    ) -> Result<Desired> {
        let mut desired = Desired::default();
        for (scope, principals) in by_scope(principals) {
            let mut annotated = Vec::new();
            for principal in principals {
                match (&principal.identity, known(principal).filter(|_| self.is_templated(principal))) {
                    (Identity::Asked(asked), _) => desired.extend(ask(principal, asked)?),
                    (Identity::Known { .. }, Some((_, value))) => {
                        desired.objects.extend(self.attributes.objects(principal, value));
                    }
                    (Identity::Known { .. }, None) => annotated.push(principal),
                    (Identity::BoundByCloud { .. }, _) => {}
                }
            }
            desired.objects.extend(service_accounts::object(scope, &annotated));
        }
        Ok(desired)
    }

    /// How somebody takes back what a handoff asked for, by the name of its object: a pair's attributes, or the annotations of a
    /// scope's service accounts. See [`Platform::taken_back`](cloudgrant_core::Platform::taken_back).
    pub fn taken_back(&self, tenancy: &Tenancy, kind: &str, name: &str) -> Option<(ObjectId, Handoff)> {
        // What isn't called as a platform's own things are, nobody handed off.
        let is_plain = name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
        if kind != PLATFORM_BINDING || name.is_empty() || !is_plain {
            return None;
        }
        let id = ObjectId::new(PLATFORM_BINDING, name);
        let all = tenancy.pairs(&Scope::Global);
        if let Some(pair) = all.iter().find(|pair| pair.to_string() == name) {
            return Some((id, self.attributes.taken_back(pair)));
        }
        let of_scope = |pair: &&Pair| {
            let own = Scope::ProjectDomain { project: pair.project.clone(), domain: pair.domain.clone() };
            name == pair.domain.as_str() || name == own.slug()
        };
        let accounts: Vec<_> = all.iter().filter(of_scope).map(|pair| tenancy.naming.subject(pair)).collect();
        match accounts.is_empty() && name.contains('-') {
            // A pair that the manifest has no more: where its project ends, nobody can tell.
            true => Some((id, self.attributes.taken_back_of_unknown(name))),
            false => Some((id, service_accounts::taken_back(name, &[self.templated, self.annotated], &accounts))),
        }
    }

    /// The handoffs by which somebody would be asked for what cloudgrant does by itself, where it annotates the service accounts of a
    /// principal.
    pub(crate) fn handed_off_as_annotations(&self, principal: &Principal) -> Option<ObjectId> {
        known(principal).map(|_| ObjectId::new(PLATFORM_BINDING, principal.scope.slug()))
    }

    /// The same where it sets an attribute for its pairs.
    pub(crate) fn handed_off_as_attributes(&self, principal: &Principal, attribute: &str) -> Vec<ObjectId> {
        if !self.is_templated(principal) || attribute != self.attributes.key {
            return Vec::new();
        }
        principal.serves.iter().map(|(pair, _)| ObjectId::new(PLATFORM_BINDING, pair.to_string())).collect()
    }

    /// The same as files.
    pub fn files(&self, principals: &[Principal]) -> Vec<DeliveryFile> {
        let all: Vec<&Principal> = principals.iter().collect();
        let templated: Vec<&Principal> = principals.iter().filter(|principal| self.is_templated(principal)).collect();
        let mut files = service_accounts::files(&all);
        for principal in &templated {
            files.extend(known(principal).into_iter().flat_map(|(_, value)| self.attributes.files(principal, value)));
        }
        files.extend(self.charts.iter().filter_map(|chart| chart.file(&templated)));
        files
    }

    /// The attribute of which the platform's templates make a principal's annotation; `None` where they make none of it, unless
    /// `named` says which one does.
    pub(crate) fn attribute<'a>(&'a self, principal: &Principal, named: Option<&'a str>) -> Option<&'a str> {
        let annotation = annotation(principal)?;
        named.or_else(|| self.of_attributes.contains(&annotation.key).then_some(self.attributes.key))
    }

    fn is_templated(&self, principal: &Principal) -> bool {
        annotation(principal).is_some_and(|annotation| annotation.key == self.templated)
    }
}
