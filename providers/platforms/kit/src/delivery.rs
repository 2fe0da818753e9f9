//! How a platform of Flyte's family is told of principals: by its cluster resource attributes where its charts make the annotation
//! of these, and by the service accounts themselves otherwise.

use std::collections::BTreeSet;

use cloudgrant_core::{
    Asked, DeliveryFile, Desired, HandedOff, Handoff, HowAsked, Identity, ObjectId, Pair, Principal, Result, Scope,
    ScopeKind, Tenancy,
};

use crate::helm::Chart;
use crate::{
    ClusterResourceAttributes, FORM, PLATFORM_BINDING, annotation, by_scope, cluster_resource_attributes, known,
    service_account_settings, service_accounts,
};

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
    /// Why there may be no principal of which the platform is to be told: the end of a sentence.
    pub untold: &'static str,
}

impl Delivery {
    /// What the platform must be told. `ask` says how its vendor is asked for a principal that only they can make.
    ///
    /// # Errors
    /// Those of `ask`.
    pub fn desired(
        &self,
        tenancy: &Tenancy,
        principals: &[Principal],
        ask: impl Fn(&Principal, &Asked) -> Result<Desired>,
    ) -> Result<Desired> {
        let mut desired = Desired::default();
        for (scope, principals) in by_scope(principals) {
            let mut annotated = Vec::new();
            for principal in principals {
                match (&principal.identity, known(principal).filter(|_| self.is_templated(tenancy, principal))) {
                    (Identity::Asked(asked), _) => desired.extend(ask(principal, asked)?),
                    (Identity::Known { .. }, Some((_, value))) => {
                        desired.objects.extend(self.attributes.objects(principal, value));
                    }
                    (Identity::Known { .. }, None) => annotated.push(principal),
                    (Identity::BoundByCloud { .. } | Identity::Presented { .. }, _) => {}
                }
            }
            desired.objects.extend(service_accounts::object(scope, &annotated));
        }
        Ok(desired)
    }

    /// How somebody takes back what a handoff asked for, by the name of its object: a pair's attributes, or the annotations of a
    /// scope's service accounts. See [`Platform::taken_back`](cloudgrant_core::Platform::taken_back).
    pub fn taken_back(&self, tenancy: &Tenancy, kind: &str, name: &str, how: &HowAsked) -> Option<(ObjectId, Handoff)> {
        if let Some(handoff) = service_account_settings::taken_back(how, name).filter(|_| kind == PLATFORM_BINDING) {
            return Some((ObjectId::new(PLATFORM_BINDING, name), handoff));
        }
        // What isn't called as a platform's own things are, nobody handed off.
        let is_plain = name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
        if kind != PLATFORM_BINDING || name.is_empty() || !is_plain {
            return None;
        }
        let id = ObjectId::new(PLATFORM_BINDING, name);
        let all = tenancy.pairs(&Scope::Global);
        // A pair and a domain may have one name, and so may two pairs.
        let form = how.get(FORM);
        let mut keys = vec![self.templated, self.annotated];
        if form.is_some() {
            let remembered = ClusterResourceAttributes::remembered(how).filter(|pair| pair.to_string() == name);
            if let Some(pair) = remembered {
                return Some((id, self.attributes.taken_back(&pair)));
            }
            keys = service_accounts::remembered(how, &tenancy.kind, &keys)?;
        } else if let Some(pair) = all.iter().find(|pair| pair.to_string() == name) {
            return Some((id, self.attributes.taken_back(pair)));
        }
        let of_scope = |pair: &&Pair| {
            let own = Scope::ProjectDomain { project: pair.project.clone(), domain: pair.domain.clone() };
            name == pair.domain.as_str() || name == own.slug()
        };
        let accounts: BTreeSet<_> = all.iter().filter(of_scope).map(|pair| tenancy.naming.subject(pair)).collect();
        match form.is_none() && accounts.is_empty() && name.contains('-') {
            // A pair that the manifest has no more: where its project ends, nobody can tell.
            true => Some((id, self.attributes.taken_back_of_unknown(name))),
            false => Some((id, service_accounts::taken_back(name, &keys, &accounts))),
        }
    }

    /// The handoffs by which somebody would be asked for what cloudgrant does by itself, where it annotates the service accounts of a
    /// principal.
    pub(crate) fn handed_off_as_annotations(&self, principal: &Principal) -> Option<HandedOff> {
        let (annotation, _) = known(principal)?;
        let object = ObjectId::new(PLATFORM_BINDING, principal.scope.slug());
        Some(HandedOff { object, how: service_accounts::how(annotation.key) })
    }

    /// The same where it sets an attribute for its pairs.
    pub(crate) fn handed_off_as_attributes(&self, principal: &Principal, attribute: &str) -> Vec<HandedOff> {
        if !self.has_template(principal) || attribute != self.attributes.key {
            return Vec::new();
        }
        let handed_off = |pair: &Pair| HandedOff {
            object: ObjectId::new(PLATFORM_BINDING, pair.to_string()),
            how: cluster_resource_attributes::how(pair),
        };
        principal.serves.iter().map(|(pair, _)| handed_off(pair)).collect()
    }

    /// The same as files.
    pub fn files(&self, tenancy: &Tenancy, principals: &[Principal]) -> Vec<DeliveryFile> {
        let all: Vec<&Principal> = principals.iter().collect();
        let templated = principals.iter().filter(|principal| self.is_templated(tenancy, principal));
        let templated: Vec<&Principal> = templated.collect();
        let mut files = service_accounts::files(&all);
        for principal in &templated {
            files.extend(known(principal).into_iter().flat_map(|(_, value)| self.attributes.files(principal, value)));
        }
        let has_own = |principal: &&Principal| tenancy.naming.has_own_namespaces(principal.scope.kind());
        let of_charts: Vec<&Principal> = principals.iter().filter(has_own).collect();
        files.extend(self.charts.iter().filter_map(|chart| chart.file(&tenancy.naming, &of_charts, &all)));
        files
    }

    /// The attribute of which the platform's templates make a principal's annotation; `None` where they make none of it, unless
    /// `named` says which one does.
    pub(crate) fn attribute<'a>(&'a self, principal: &Principal, named: Option<&'a str>) -> Option<&'a str> {
        let annotation = annotation(principal)?;
        named.or_else(|| self.of_attributes.contains(&annotation.key).then_some(self.attributes.key))
    }

    /// How somebody takes a principal's value, or its annotation, away again: a sentence. Where namespaces are shared, nobody can
    /// tell from the pairs which of the two it was.
    pub fn unbinding(&self, tenancy: &Tenancy, bound: &[String]) -> String {
        let key = self.templated;
        let annotated = format!("`kubectl annotate serviceaccount ACCOUNT --namespace NAMESPACE {key}-`");
        let has_own = |kind| tenancy.naming.has_own_namespaces(kind);
        match (has_own(ScopeKind::Domain), has_own(ScopeKind::ProjectDomain)) {
            (true, true) => self.attributes.unbinding(bound),
            (false, _) => format!("Each service account that names it, no longer does after {annotated}"),
            (true, false) => {
                let attributes = self.attributes.unbinding(bound);
                format!("{attributes}. Where service accounts were annotated instead: {annotated}")
            }
        }
    }

    /// Whether a principal's value goes into the attributes of its pairs. The sync of these annotates one service account in each
    /// namespace: where pairs of other scopes have the same namespace, the last of them would win.
    fn is_templated(&self, tenancy: &Tenancy, principal: &Principal) -> bool {
        self.has_template(principal) && tenancy.naming.has_own_namespaces(principal.scope.kind())
    }

    fn has_template(&self, principal: &Principal) -> bool {
        annotation(principal).is_some_and(|annotation| annotation.key == self.templated)
    }
}
