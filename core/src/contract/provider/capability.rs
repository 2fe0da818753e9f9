//! What a provider can do, declared once, denied by default, and the one check against it.

mod scope_refusal;

use serde::Serialize;

use crate::contract::error::diagnostic::Diagnostic;
use crate::vocabulary::access::Access;
use crate::vocabulary::checked::{Checked, Nearly};
use crate::vocabulary::inexact::Inexact;
use crate::vocabulary::intent::Intent;
use crate::vocabulary::note::Note;
use crate::vocabulary::resource::{RegisteredKind, Resource, ResourceKind};
use crate::vocabulary::scope::ScopeKind;
use crate::vocabulary::tenancy::Tenancy;

/// What a provider can do. Starts at nothing: what isn't declared is refused before the provider is asked.
///
/// ```
/// use cloudgrant_core::{Access, Capabilities, RegisteredKind, ResourceKind, ScopeKind};
/// const DOMAIN_ONLY: Capabilities = Capabilities::none()
///     .scopes(&[ScopeKind::Global, ScopeKind::Domain], "identities are bound per domain")
///     .kinds(&[RegisteredKind::new(ResourceKind::SECRET, &[Access::Read])])
///     .registry(&[Access::Pull]);
/// assert!(!DOMAIN_ONLY.allows_scope(ScopeKind::ProjectDomain));
/// assert!(!Capabilities::none().allows_scope(ScopeKind::Global));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Capabilities {
    scopes: &'static [ScopeKind],
    scope_reason: &'static str,
    kinds: &'static [RegisteredKind],
    registry: &'static [Access],
    inexact: &'static [Inexact],
    #[serde(skip)]
    exact_where: Option<ExactWhere>,
}

/// Tells whether a level is exact on one resource although it is declared as inexact for its kind.
#[derive(Debug, Clone, Copy)]
struct ExactWhere(fn(&Resource, Access) -> bool);

impl PartialEq for ExactWhere {
    fn eq(&self, other: &Self) -> bool {
        std::ptr::fn_addr_eq(self.0, other.0)
    }
}

impl Eq for ExactWhere {}

impl Capabilities {
    /// Nothing at all.
    pub const fn none() -> Self {
        Self { scopes: &[], scope_reason: "", kinds: &[], registry: &[], inexact: &[], exact_where: None }
    }

    /// The kinds of scope that can be bound, and why there are no others (`""` where there are all).
    #[must_use]
    pub const fn scopes(mut self, scopes: &'static [ScopeKind], why_no_others: &'static str) -> Self {
        self.scopes = scopes;
        self.scope_reason = why_no_others;
        self
    }

    /// The kinds of resource that this cloud has: what task code can be granted, each with its levels.
    #[must_use]
    pub const fn kinds(mut self, table: &'static [RegisteredKind]) -> Self {
        self.kinds = table;
        self
    }

    /// The levels at which the platform's infrastructure can be given a registry.
    #[must_use]
    pub const fn registry(mut self, levels: &'static [Access]) -> Self {
        self.registry = levels;
        self
    }

    /// The declared levels that this cloud gives only nearly. A plan tells of each that a grant uses.
    #[must_use]
    pub const fn inexact(mut self, table: &'static [Inexact]) -> Self {
        self.inexact = table;
        self
    }

    /// Says of which resources a level is exact although [`Capabilities::inexact`] has it: for instance where a
    /// prefix is named. The table's words should say so too.
    #[must_use]
    pub const fn exact_where(mut self, test: fn(&Resource, Access) -> bool) -> Self {
        self.exact_where = Some(ExactWhere(test));
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

    /// The kinds of resource that task code can be granted, in the order in which they are told.
    pub fn registered_kinds(&self) -> &'static [RegisteredKind] {
        self.kinds
    }

    /// How locators are written, of all kinds.
    pub fn locators(&self) -> impl Iterator<Item = &'static str> {
        self.kinds.iter().flat_map(|known| known.locators).copied()
    }

    /// The levels at which task code can be granted a kind of resource.
    pub fn levels(&self, kind: ResourceKind) -> &'static [Access] {
        self.kinds.iter().find(|known| known.kind == kind).map_or(&[], |known| known.levels)
    }

    /// The levels at which the platform's infrastructure can be given a registry.
    pub fn registry_levels(&self) -> &'static [Access] {
        self.registry
    }

    /// In what a level differs from what it says; `None` where it is exact, or isn't declared.
    pub fn inexact_level(&self, kind: ResourceKind, access: Access) -> Option<&'static Inexact> {
        self.inexact.iter().find(|inexact| inexact.kind == kind && inexact.access == access)
    }

    /// In what a level differs from what it says on one resource; `None` where it is exact there.
    pub fn inexact_on(&self, resource: &Resource, access: Access) -> Option<&'static Inexact> {
        let inexact = self.inexact_level(resource.kind, access)?;
        let is_exact = self.exact_where.is_some_and(|ExactWhere(test)| test(resource, access));
        (!is_exact).then_some(inexact)
    }

    /// Every level that this cloud gives only nearly.
    pub fn inexact_levels(&self) -> &'static [Inexact] {
        self.inexact
    }

    /// The one check: whether the provider can do what is asked, and the platform tells the scope apart. Nothing is ever widened
    /// to make it fit.
    ///
    /// # Errors
    /// The refusals, at the key path: what was asked, why it can't be, what is supported, and the nearest
    /// request that works.
    pub fn check<T: Intent>(
        &self,
        provider: &str,
        path: &str,
        tenancy: &Tenancy,
        request: T,
    ) -> Result<Checked<T>, Vec<Diagnostic>> {
        let mut refusals: Vec<_> = self.scope_refusal(provider, path, tenancy, &request).into_iter().collect();
        let mut notes = Vec::new();
        for reach in request.reaches() {
            let kind = reach.resource.kind;
            let levels = request.levels(self.levels(kind), self.levels_of_registry(kind));
            if levels.contains(&reach.access) {
                if !reach.resource.locator.is_read() {
                    continue;
                }
                match self.inexact_on(&reach.resource, reach.access) {
                    Some(inexact) if request.is_precise() && !inexact.precisely => {
                        refusals.push(imprecise(provider, path, &reach.resource, inexact));
                    }
                    Some(inexact) if !request.is_precise() => {
                        let message = inexact.sentence(provider, &reach.resource, request.can_be_precise());
                        let about = request.id();
                        let gains_nothing = inexact.gains.is_empty();
                        let note =
                            if gains_nothing { Note::info(about, message) } else { Note::warning(about, message) };
                        notes.push(Nearly { resource: reach.resource.clone(), access: reach.access, note });
                    }
                    _ => {}
                }
                continue;
            }
            let path = request.access_path(path, &reach.resource.name);
            let message = if levels.is_empty() {
                let (whom, what) = (request.whom(), kind.with_article());
                format!("{provider} can't give {whom} {what}: {}", reach.resource.locator)
            } else {
                format!("{provider} has no access level `{}` for {}", reach.access, kind.with_article())
            };
            refusals.push(Diagnostic::new(path, message).hint(self.alternative(&request, kind, levels)));
        }
        if refusals.is_empty() { Ok(Checked::new(request, notes)) } else { Err(refusals) }
    }

    /// The levels at which infrastructure can be given a kind of resource.
    fn levels_of_registry(&self, kind: ResourceKind) -> &'static [Access] {
        if kind == ResourceKind::REGISTRY { self.registry } else { &[] }
    }

    /// Whether scopes of a kind can be bound on a platform: the cloud can, and the platform tells them apart.
    pub fn binds(&self, kind: ScopeKind, tenancy: &Tenancy) -> bool {
        self.allows_scope(kind) && tenancy.has(kind) && tenancy.tells_apart(kind)
    }

    /// The kinds of scope that can be bound on a platform.
    pub fn bound_kinds(&self, tenancy: &Tenancy) -> Vec<ScopeKind> {
        self.scopes.iter().copied().filter(|kind| self.binds(*kind, tenancy)).collect()
    }

    fn alternative(&self, request: &impl Intent, kind: ResourceKind, levels: &[Access]) -> String {
        if !levels.is_empty() {
            let mut hint = format!("supported for {}: {}", kind.with_article(), join(levels));
            if let Some(for_more) = request.for_more().filter(|_| self.levels(kind).len() > levels.len()) {
                hint.push_str("; ");
                hint.push_str(for_more);
            }
            return hint;
        }
        let known: Vec<_> = self.kinds.iter().map(|known| known.kind).collect();
        if known.is_empty() {
            "this provider grants nothing".to_owned()
        } else {
            format!("supported: {}", join(&known))
        }
    }
}

fn imprecise(provider: &str, path: &str, resource: &Resource, inexact: &Inexact) -> Diagnostic {
    let message = format!(
        "{provider} can't give `{}` on {} precisely: on `{}` it {}",
        inexact.access,
        resource.kind.with_article(),
        resource.name,
        inexact.effect()
    );
    let hint = format!(
        "leave `precise` out to accept that; a grant of its own for `{}` keeps the rest precise",
        resource.name
    );
    Diagnostic::new(format!("{path}.precise"), message).hint(hint)
}

pub(super) fn join<T: ToString>(items: &[T]) -> String {
    items.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
