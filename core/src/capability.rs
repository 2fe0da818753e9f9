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
                format!("{provider} can't give {} to a {kind}: {}", request.verb(), reach.resource.locator)
            } else {
                format!("{provider} has no access level `{}` for a {kind}", reach.access)
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
            _ => "this provider binds no scope at all".to_owned(),
        }
    }

    fn alternative(&self, verb: Verb, kind: ResourceKind, levels: &[Access]) -> String {
        if !levels.is_empty() {
            let mut hint = format!("supported for a {kind}: {}", join(levels));
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
