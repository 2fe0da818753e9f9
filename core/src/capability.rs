//! What a provider can do, declared once, denied by default, and the one check against it.

use serde::Serialize;

use crate::access::Access;
use crate::checked::Checked;
use crate::diagnostic::Diagnostic;
use crate::intent::{Intent, Verb};
use crate::resource::ResourceKind;
use crate::scope::{Scope, ScopeKind};

/// What a provider can do. Starts at nothing: what isn't declared is refused before the provider is asked.
///
/// ```
/// use cloudgrant_core::{Access, Capabilities, ResourceKind, ScopeKind};
/// const DOMAIN_ONLY: Capabilities = Capabilities::none()
///     .scopes(&[ScopeKind::Global, ScopeKind::Domain], "identities are bound per domain")
///     .task_access(&[(ResourceKind::Secret, &[Access::Read])])
///     .registry(&[Access::Pull]);
/// assert!(!DOMAIN_ONLY.allows_scope(ScopeKind::ProjectDomain));
/// assert!(!Capabilities::none().allows_scope(ScopeKind::Global));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Capabilities {
    scopes: &'static [ScopeKind],
    scope_reason: &'static str,
    task_access: &'static [(ResourceKind, &'static [Access])],
    registry: &'static [Access],
}

impl Capabilities {
    /// Nothing at all.
    pub const fn none() -> Self {
        Self { scopes: &[], scope_reason: "", task_access: &[], registry: &[] }
    }

    /// The kinds of scope that can be bound, and why there are no others (`""` where there are all).
    #[must_use]
    pub const fn scopes(mut self, scopes: &'static [ScopeKind], why_no_others: &'static str) -> Self {
        self.scopes = scopes;
        self.scope_reason = why_no_others;
        self
    }

    /// The kinds of resource that task code can be granted, each with its levels.
    #[must_use]
    pub const fn task_access(mut self, table: &'static [(ResourceKind, &'static [Access])]) -> Self {
        self.task_access = table;
        self
    }

    /// The levels at which the platform's infrastructure can be given a registry.
    #[must_use]
    pub const fn registry(mut self, levels: &'static [Access]) -> Self {
        self.registry = levels;
        self
    }

    /// Whether scopes of this kind can be bound.
    pub fn allows_scope(&self, kind: ScopeKind) -> bool {
        self.scopes.contains(&kind)
    }

    /// The kinds of scope that can be bound.
    pub fn scope_kinds(&self) -> &'static [ScopeKind] {
        self.scopes
    }

    /// Why there are no other kinds of scope; empty where there is nothing to say.
    pub fn scope_reason(&self) -> &'static str {
        self.scope_reason
    }

    /// The levels at which task code can be granted a kind of resource.
    pub fn levels(&self, kind: ResourceKind) -> &'static [Access] {
        self.task_access.iter().find(|(known, _)| *known == kind).map_or(&[], |(_, levels)| levels)
    }

    /// The levels at which the platform's infrastructure can be given a registry.
    pub fn registry_levels(&self) -> &'static [Access] {
        self.registry
    }

    /// The one check: whether the provider can do what is asked. Nothing is ever widened to make it fit.
    ///
    /// # Errors
    /// The refusals, at the key path: what was asked, why it can't be, what is supported, and the nearest
    /// request that works.
    pub fn check<T: Intent>(&self, provider: &str, path: &str, request: T) -> Result<Checked<T>, Vec<Diagnostic>> {
        let mut refusals: Vec<_> = self.refuse_scope(provider, path, &request).into_iter().collect();
        for reach in request.reaches() {
            let kind = reach.resource.kind;
            let levels = match request.verb() {
                Verb::EnableRegistry if kind == ResourceKind::Registry => self.registry,
                Verb::EnableRegistry => &[],
                Verb::GrantTaskAccess | Verb::BindScope => self.levels(kind),
            };
            if levels.contains(&reach.access) {
                continue;
            }
            let path = match request.verb() {
                Verb::EnableRegistry => format!("{path}.access"),
                _ => format!("{path}.access.{}", reach.resource.name),
            };
            let message = if levels.is_empty() {
                let whom = if request.verb() == Verb::EnableRegistry { "infrastructure" } else { "task code" };
                format!("{provider} can't give {whom} {}: {}", kind.with_article(), reach.resource.locator)
            } else {
                format!("{provider} has no access level `{}` for {}", reach.access, kind.with_article())
            };
            refusals.push(Diagnostic::new(path, message).hint(self.alternative(request.verb(), kind, levels)));
        }
        if refusals.is_empty() { Ok(Checked::new(request)) } else { Err(refusals) }
    }

    fn refuse_scope<T: Intent>(&self, provider: &str, path: &str, request: &T) -> Option<Diagnostic> {
        let scope = request.scope();
        if request.verb() == Verb::EnableRegistry || self.allows_scope(scope.kind()) {
            return None;
        }
        let why = if self.scope_reason.is_empty() { String::new() } else { format!(": {}", self.scope_reason) };
        let message = format!("{provider} can't bind {scope}{why}");
        Some(Diagnostic::new(format!("{path}.scope"), message).hint(self.nearest_scope(scope)))
    }

    /// The narrowest wider scope that works, spelled out together with what it newly reaches.
    fn nearest_scope(&self, asked: &Scope) -> String {
        let supported = join(self.scopes);
        match asked.domain() {
            Some(domain) if self.allows_scope(ScopeKind::Domain) => format!(
                "supported: {supported}; `scope: {{ domain: {domain} }}` works, and reaches every project in {domain}"
            ),
            _ if self.allows_scope(ScopeKind::Global) => {
                format!("supported: {supported}; `scope: global` works, and reaches all task code")
            }
            _ if self.scopes.is_empty() => "this provider binds no scope at all".to_owned(),
            _ => format!("supported: {supported}; none of these is wider, so name each scope that is meant"),
        }
    }

    fn alternative(&self, verb: Verb, kind: ResourceKind, levels: &[Access]) -> String {
        if !levels.is_empty() {
            let mut hint = format!("supported for {}: {}", kind.with_article(), join(levels));
            if verb == Verb::EnableRegistry && self.levels(kind).len() > levels.len() {
                hint.push_str("; to give task code more, name the repository under `resources` and grant it");
            }
            return hint;
        }
        let known: Vec<_> = self.task_access.iter().map(|(kind, _)| *kind).collect();
        if known.is_empty() {
            "this provider grants nothing".to_owned()
        } else {
            format!("supported: {}", join(&known))
        }
    }
}

fn join<T: ToString>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::intent::{Reach, RegistryAccess, TaskAccess};
    use crate::names::{Domain, GrantName, Project, RegistryName, ResourceName};
    use crate::resource::Resource;

    const DOMAIN_ONLY: Capabilities = Capabilities::none()
        .scopes(&[ScopeKind::Global, ScopeKind::Domain], "identities are bound per domain")
        .task_access(&[
            (ResourceKind::Secret, &[Access::Read]),
            (ResourceKind::Registry, &[Access::Pull, Access::Push]),
        ])
        .registry(&[Access::Pull]);

    fn pair() -> Scope {
        Scope::ProjectDomain {
            project: Project::parse("vision").expect("project"),
            domain: Domain::parse("production").expect("domain"),
        }
    }

    fn reach(kind: ResourceKind, access: Access) -> Reach {
        let name = ResourceName::parse("thing").expect("name");
        Reach { resource: Arc::new(Resource { name, kind, locator: "the-thing".to_owned(), force: false }), access }
    }

    fn grant(scope: Scope, kind: ResourceKind, access: Access) -> TaskAccess {
        let name = GrantName::parse("grant").expect("name");
        TaskAccess { name, scope, reaches: vec![reach(kind, access)], precise: false, carried_by: Vec::new() }
    }

    fn refusal(capabilities: Capabilities, request: impl Intent) -> (String, String, String) {
        let refusals = capabilities.check("azure", "grants[2]", request).map(drop).expect_err("refused");
        assert_eq!(refusals.len(), 1, "{refusals:?}");
        let Diagnostic { path, message, hint, .. } = refusals[0].clone();
        (path, message, hint.expect("a hint"))
    }

    #[test]
    fn what_is_declared_passes_unchanged() {
        let request = grant(Scope::Global, ResourceKind::Secret, Access::Read);
        assert_eq!(*DOMAIN_ONLY.check("azure", "grants[2]", request.clone()).expect("declared"), request);
    }

    #[test]
    fn a_narrow_scope_is_refused_with_the_nearest_that_works_and_what_it_reaches() {
        let (path, message, hint) = refusal(DOMAIN_ONLY, grant(pair(), ResourceKind::Secret, Access::Read));
        assert_eq!(path, "grants[2].scope");
        assert_eq!(message, "azure can't bind project vision in domain production: identities are bound per domain");
        assert_eq!(
            hint,
            "supported: global, domain; `scope: { domain: production }` works, and reaches every project in production"
        );
    }

    #[test]
    fn without_a_domain_to_fall_back_on_global_is_the_nearest() {
        let global_only = DOMAIN_ONLY.scopes(&[ScopeKind::Global], "there is one identity");
        let (_, _, hint) = refusal(global_only, grant(pair(), ResourceKind::Secret, Access::Read));
        assert_eq!(hint, "supported: global; `scope: global` works, and reaches all task code");
    }

    #[test]
    fn where_only_narrower_scopes_work_nobody_says_that_none_does() {
        let narrow_only = DOMAIN_ONLY.scopes(&[ScopeKind::ProjectDomain], "identities are bound per namespace");
        let (_, _, hint) = refusal(narrow_only, grant(Scope::Global, ResourceKind::Secret, Access::Read));
        assert_eq!(hint, "supported: project-domain; none of these is wider, so name each scope that is meant");
        let none = Capabilities::none().task_access(&[(ResourceKind::Secret, &[Access::Read])]);
        let (_, message, hint) = refusal(none, grant(Scope::Global, ResourceKind::Secret, Access::Read));
        assert_eq!(
            (message.as_str(), hint.as_str()),
            ("azure can't bind global", "this provider binds no scope at all")
        );
    }

    #[test]
    fn levels_and_kinds_are_refused_with_what_is_supported() {
        let (path, message, hint) = refusal(DOMAIN_ONLY, grant(Scope::Global, ResourceKind::Secret, Access::Write));
        assert_eq!(path, "grants[2].access.thing");
        assert_eq!(message, "azure has no access level `write` for a secret");
        assert_eq!(hint, "supported for a secret: read");
        let (_, message, hint) = refusal(DOMAIN_ONLY, grant(Scope::Global, ResourceKind::ObjectStore, Access::Read));
        assert_eq!(message, "azure can't give task code an object store: the-thing");
        assert_eq!(hint, "supported: secret, registry");
    }

    #[test]
    fn registries_have_levels_of_their_own() {
        let request = |access| RegistryAccess {
            name: RegistryName::parse("images").expect("name"),
            reach: [reach(ResourceKind::Registry, access)],
        };
        assert!(DOMAIN_ONLY.check("azure", "registries[0]", request(Access::Pull)).is_ok());
        let (path, _, hint) = refusal(DOMAIN_ONLY, request(Access::Push));
        assert_eq!(path, "grants[2].access");
        assert!(hint.starts_with("supported for a registry: pull; to give task code more"), "{hint}");
    }

    #[test]
    fn every_refusal_is_given_at_once() {
        let mut request = grant(pair(), ResourceKind::Secret, Access::Write);
        request.reaches.push(reach(ResourceKind::ObjectStore, Access::Read));
        let refusals = DOMAIN_ONLY.check("azure", "grants[2]", request).map(drop).expect_err("refused");
        assert_eq!(refusals.len(), 3);
    }

    #[test]
    fn nothing_is_allowed_unless_it_is_declared() {
        for kind in ScopeKind::ALL {
            assert!(!Capabilities::none().allows_scope(kind));
        }
        for kind in ResourceKind::ALL {
            assert!(Capabilities::none().levels(kind).is_empty());
        }
        assert!(Capabilities::none().registry_levels().is_empty());
    }
}
