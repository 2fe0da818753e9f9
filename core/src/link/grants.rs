//! The grants of a manifest, each with what it reaches and which scopes carry it.

use std::sync::Arc;

use foldhash::{HashMap, HashMapExt as _};

use crate::contract::error::diagnostic::Diagnostic;
use crate::link::carried::Bound;
use crate::link::reader::Reader;
use crate::link::reader::Refused;
use crate::link::resources::Resources;
use crate::manifest::document::Grant;
use crate::parallel;
use crate::vocabulary::access::Access;
use crate::vocabulary::checked::Checked;
use crate::vocabulary::intent::{Reach, TaskAccess};

/// So many times a grant may be carried by a scope; a hundred global grants with ten thousand narrower scopes make a
/// fifth of it.
const MOST_CARRIED: usize = 5_000_000;

impl Reader<'_> {
    /// Whether the grants and the scopes that carry them would fill the memory: each wide grant is carried by each
    /// narrower scope.
    pub(super) fn are_too_many(&mut self, bound: &Bound) -> bool {
        let carried = |grant: &Grant| bound.carriers.get(&grant.scope).map_or(0, |scopes| scopes.len());
        let all = self.manifest.grants.iter().map(carried).fold(0_usize, usize::saturating_add);
        if all > MOST_CARRIED {
            let message =
                format!("the grants of wide scopes add up to {all} with the narrower ones, more than {MOST_CARRIED}");
            self.problem(
                "grants",
                message,
                "put what belongs together into one grant, or split the manifest into several stacks",
            );
        }
        all > MOST_CARRIED
    }

    pub(super) fn grants(&mut self, resources: &Resources, bound: &Bound) -> Vec<Arc<Checked<TaskAccess>>> {
        let all = &self.manifest.grants;
        let right = parallel::map(all.iter().collect(), |grant| self.right(grant, resources, bound));
        let mut names = HashMap::with_capacity(all.len());
        let mut grants = Vec::with_capacity(all.len());
        for (at, (grant, right)) in all.iter().zip(right).enumerate() {
            let is_named = self.part().is_none_or(|part| !part.nameless_grants.contains(&at));
            if let Some(first) = names.insert(&grant.name, at).filter(|_| is_named) {
                let first = self.manifest.path_of("grants", first);
                let message = format!("two grants are called `{}`: the other is {first}", grant.name);
                let path = self.manifest.path_of("grants", at);
                self.problem(format!("{path}.name"), message, "give each grant a name of its own");
            }
            // What can't be read of a level says nothing of whose level it is.
            let without_level = self.part().and_then(|part| part.without_level.get(&at)).cloned().unwrap_or_default();
            for name in without_level.iter().filter(|name| !resources.contains_key(*name)) {
                self.nowhere(name, &self.manifest.path_of("grants", at));
            }
            grants.extend(right.or_else(|| {
                let path = self.manifest.path_of("grants", at);
                self.looked_into(grant, &path, resources, bound)
            }));
        }
        grants
    }

    /// A grant with which nothing is wrong, as most are.
    fn right(&self, grant: &Grant, resources: &Resources, bound: &Bound) -> Option<Arc<Checked<TaskAccess>>> {
        let located = |(name, access): (_, &Access)| {
            Some(Reach { resource: resources.get(name)?.as_ref()?.clone(), access: *access })
        };
        let reaches: Vec<_> = grant.access.iter().map(located).collect::<Option<_>>()?;
        if reaches.is_empty() || !self.is_listed(&grant.scope) {
            return None;
        }
        self.checked(grant, "", reaches, bound).ok()
    }

    /// Any grant, with all that is wrong with it; of what can't be given, what can, for the provider to look at.
    fn looked_into(
        &mut self,
        grant: &Grant,
        path: &str,
        resources: &Resources,
        bound: &Bound,
    ) -> Option<Arc<Checked<TaskAccess>>> {
        if grant.access.is_empty() {
            self.problem(format!("{path}.access"), "the grant reaches nothing", "name a resource and an access level");
        }
        self.listed(&grant.scope, path);
        let reaches = self.reaches(grant, path, resources);
        let whole = self.is_listed(&grant.scope) && reaches.len() == grant.access.len();
        // Of what isn't whole, all the same: nobody should have to mend one thing to hear of the next.
        match self.checked(grant, path, reaches.clone(), bound) {
            Ok(checked) => (whole || self.refused == Refused::InPart).then_some(checked),
            Err(refusals) => {
                self.refused(&grant.scope, refusals);
                let partly = self.refused == Refused::InPart;
                partly.then(|| self.what_can_be_given(grant, reaches, bound)).flatten()
            }
        }
    }

    /// What of a refused grant could be granted, to a scope for which it can.
    fn what_can_be_given(&self, grant: &Grant, reaches: Vec<Reach>, bound: &Bound) -> Option<Arc<Checked<TaskAccess>>> {
        let (capabilities, platform) = (&self.registration?.capabilities, &self.manifest.platform);
        let mut possible = grant.clone();
        if !capabilities.binds(grant.scope.kind(), platform) {
            possible.scope = capabilities.nearest_scope(&grant.scope, platform)?;
        }
        // At another level where its own can't be had: what is wrong with a resource, no level says.
        let given = |reach: Reach| {
            let at = |access| Reach { resource: reach.resource.clone(), access };
            let levels = [reach.access].into_iter().chain(Access::ALL);
            levels.map(at).find(|reach| self.checked(&possible, "", vec![reach.clone()], bound).is_ok())
        };
        let reaches = reaches.into_iter().filter_map(given).collect();
        self.checked(&possible, "", reaches, bound).ok()
    }

    fn checked(
        &self,
        grant: &Grant,
        path: &str,
        reaches: Vec<Reach>,
        bound: &Bound,
    ) -> Result<Arc<Checked<TaskAccess>>, Vec<Diagnostic>> {
        let request = TaskAccess {
            name: grant.name.clone(),
            scope: grant.scope.clone(),
            reaches,
            precise: grant.precise,
            carried_by: bound.within(&grant.scope),
            beside_revoked: Arc::new([]),
        };
        // Without a provider there is nothing to hold it against.
        let Some(registration) = self.registration else { return Err(Vec::new()) };
        registration.capabilities.check(registration.id, path, &self.manifest.platform, request).map(Arc::new)
    }

    fn reaches(&mut self, grant: &Grant, path: &str, resources: &Resources) -> Vec<Reach> {
        let mut reaches = Vec::with_capacity(grant.access.len());
        for (name, access) in &grant.access {
            match resources.get(name) {
                Some(Some(resource)) => reaches.push(Reach { resource: resource.clone(), access: *access }),
                Some(None) => {
                    self.no_locator(&format!("resources.{name}"), &format!("resource `{name}`"), name.as_str())
                }
                None => self.nowhere(name, path),
            }
        }
        reaches
    }
}
