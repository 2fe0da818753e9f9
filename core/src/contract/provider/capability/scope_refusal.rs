//! The refusal of a scope that can't be bound, as of a single project where a cloud binds domains alone: which scope it was, why, which
//! ones work, and what the nearest of them newly reaches.

use crate::contract::error::diagnostic::Diagnostic;
use crate::contract::error::problem_kind::ProblemKind;
use crate::contract::provider::capability::{Capabilities, join};
use crate::text::listed::listed;
use crate::vocabulary::intent::Intent;
use crate::vocabulary::scope::{Pair, Scope, ScopeKind};
use crate::vocabulary::tenancy::Tenancy;

/// Of so many pairs with which a scope shares a service account the names are told.
const SHARING_NAMED: usize = 4;

/// Of so many pairs that a wider scope newly reaches the names are told.
const NEWLY_NAMED: usize = 8;

impl Capabilities {
    /// Why the scope of what is asked can't be bound, if it can't.
    pub(super) fn scope_refusal<T: Intent>(
        &self,
        provider: &str,
        path: &str,
        tenancy: &Tenancy,
        request: &T,
    ) -> Option<Diagnostic> {
        let scope = request.scope();
        if !request.is_of_scope() {
            return self.nobody_pulls(path, tenancy);
        }
        if self.binds(scope.kind(), tenancy) && !self.reaches_nobody(tenancy) {
            return None;
        }
        if tenancy.kind.is_empty() {
            // Which platform it is couldn't be read, which is told.
            return None;
        }
        if !tenancy.has(scope.kind()) {
            let message = format!("`{}` has no scopes of the kind {}", tenancy.kind, scope.kind());
            let hint = format!("supported: {}", join(&self.bound_kinds(tenancy)));
            return Some(Diagnostic::new(format!("{path}.scope"), message).hint(hint));
        }
        if self.reaches_nobody(tenancy) {
            let message = format!(
                "{provider} can't bind workloads, and `{}` has no other scopes: it would reach nobody",
                tenancy.kind
            );
            let refusal = Diagnostic::new(format!("{path}.scope"), message).of_kind(ProblemKind::UnboundScope);
            return Some(refusal.hint("choose the cloud on which the platform's workloads run: `provider`"));
        }
        let message = match tenancy.shared_with(scope, SHARING_NAMED).filter(|_| self.allows_scope(scope.kind())) {
            // Requirement 21: whatever the cloud could do, it would be given to these as well.
            Some(shared) => format!(
                "{scope} can't be bound: its task code runs as {}, and so does that of {}",
                shared.subject,
                listed_of(&shared.pairs, shared.count)
            ),
            None if self.scope_reason.is_empty() => format!("{provider} can't bind {scope}"),
            None => format!("{provider} can't bind {scope}: {}", self.scope_reason),
        };
        let refusal = Diagnostic::new(format!("{path}.scope"), message).of_kind(ProblemKind::UnboundScope);
        Some(refusal.hint(self.instead_of(scope, tenancy)))
    }

    /// Whether no scope of a platform's reaches anybody on this cloud: its scopes are workloads, whose principals carry what all are
    /// granted, and the cloud has none for these.
    fn reaches_nobody(&self, tenancy: &Tenancy) -> bool {
        tenancy.workloads.is_some() && !self.allows_scope(ScopeKind::Workload)
    }

    /// Why infrastructure can't be given a registry: on a platform whose scopes are workloads, these pull by themselves, and the nodes of
    /// whatever cluster is beside them are nobody of the platform's.
    fn nobody_pulls(&self, path: &str, tenancy: &Tenancy) -> Option<Diagnostic> {
        tenancy.workloads.as_ref()?;
        let message =
            format!("`{}` has no nodes that pull for its workloads: each pulls under its own principal", tenancy.kind);
        Some(
            Diagnostic::new(path, message)
                .hint("name the registry under `resources`, and grant `pull` to the workloads"),
        )
    }

    /// The narrowest wider scope that works.
    pub(crate) fn nearest_scope(&self, asked: &Scope, tenancy: &Tenancy) -> Option<Scope> {
        match asked.domain() {
            Some(domain) if self.binds(ScopeKind::Domain, tenancy) => Some(Scope::Domain { domain: domain.clone() }),
            _ if self.allows_scope(ScopeKind::Global) => Some(Scope::Global),
            _ => None,
        }
    }

    /// The narrowest wider scope that works, spelled out together with what it reaches.
    fn instead_of(&self, asked: &Scope, tenancy: &Tenancy) -> String {
        let kinds = self.bound_kinds(tenancy);
        let supported = join(&kinds);
        match self.nearest_scope(asked, tenancy) {
            Some(Scope::Domain { domain }) => format!(
                "supported: {supported}; `scope: {{ domain: {domain} }}` works, and reaches every project in {domain}"
            ),
            Some(_) => format!("supported: {supported}; `scope: global` works, and reaches all task code"),
            None if kinds.is_empty() => "this provider binds no scope at all".to_owned(),
            None => format!("supported: {supported}; none of these is wider, so name each scope that is meant"),
        }
    }

    /// Adds to such a refusal what the scope that works reaches beyond the one that was asked for.
    pub(crate) fn tell_newly_reached(&self, refusal: &mut Diagnostic, asked: &Scope, tenancy: &Tenancy) {
        let (Some(hint), Some(wider)) = (&mut refusal.hint, self.nearest_scope(asked, tenancy)) else { return };
        let newly = tenancy.pairs(&wider).into_iter().filter(|pair| !asked.contains(&Scope::of_pair(pair)));
        let newly = listed(newly, NEWLY_NAMED);
        if !newly.is_empty() {
            hint.push_str(&format!("; newly reached: {newly}"));
        }
    }
}

/// The first of several, and how many more there are.
fn listed_of(first: &[Pair], count: usize) -> String {
    let names = join(first);
    match count.saturating_sub(first.len()) {
        0 => names,
        more => format!("{names} and {more} more"),
    }
}
