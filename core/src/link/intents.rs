//! From a manifest to checked intents: references followed, scopes added up, capabilities held against.

use std::sync::Arc;

use foldhash::{HashMap, HashMapExt as _, HashSet};

use crate::contract::checked::Checked;
use crate::contract::diagnostic::Diagnostic;
use crate::contract::registry::clouds::{self, Registration};
use crate::link::carried::Bound;
use crate::link::unsupported::at_locator;
use crate::manifest::document::{Grant, Manifest, Part};
use crate::manifest::text::strict::expected;
use crate::parallel;
use crate::text::redact::shown;
use crate::vocabulary::access::Access;
use crate::vocabulary::intent::{Intents, Reach, RegistryAccess, ScopeBinding, TaskAccess};
use crate::vocabulary::names::{Domain, Project, ResourceName};
use crate::vocabulary::resource::{Resource, ResourceKind};
use crate::vocabulary::scope::{Pair, Scope};

/// What the manifest asks of a provider, and every problem with that. No request is sent.
pub fn intents(manifest: &Manifest, registration: &Registration) -> (Intents, Vec<Diagnostic>) {
    of(manifest, Some(registration), Refused::LeftOut)
}

/// What becomes of a grant with which something is wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Refused {
    /// It is no intent.
    LeftOut,
    /// What is right about it is one: for looking at the rest, and for nothing else.
    InPart,
}

/// The same; where the provider isn't known, everything that is wrong whichever it is.
pub(crate) fn of(
    manifest: &Manifest,
    registration: Option<&Registration>,
    refused: Refused,
) -> (Intents, Vec<Diagnostic>) {
    let projects = manifest.platform.projects.iter().collect();
    let domains = manifest.platform.domains.iter().collect();
    let mut reader = Reader { manifest, registration, refused, projects, domains, problems: Vec::new() };
    let resources = reader.resources();
    let bound = reader.bound();
    if reader.are_too_many(&bound) {
        return (Intents::default(), reader.problems);
    }
    let grants = reader.grants(&resources, &bound);
    let registries = reader.registries();
    let bindings = reader.bindings(&bound, &grants);
    let is_part = manifest.part.is_some() || !reader.problems.is_empty();
    (Intents { grants, registries, bindings, is_part }, reader.problems)
}

/// So many times a grant may be carried by a scope; a hundred global grants with ten thousand narrower scopes make a
/// fifth of it.
const MOST_CARRIED: usize = 5_000_000;

/// So many problems are explained at length; no more are shown.
const EXPLAINED: usize = 100;

/// By their names; nothing where a resource has no locator for the selected provider.
type Resources = HashMap<ResourceName, Option<Arc<Resource>>>;

struct Reader<'a> {
    manifest: &'a Manifest,
    registration: Option<&'a Registration>,
    refused: Refused,
    /// There can be as many projects as grants.
    projects: HashSet<&'a Project>,
    domains: HashSet<&'a Domain>,
    problems: Vec<Diagnostic>,
}

impl<'a> Reader<'a> {
    fn problem(&mut self, path: impl Into<String>, message: impl Into<String>, hint: impl Into<String>) {
        self.problems.push(Diagnostic::new(path, message).hint(hint));
    }

    /// The resources of the selected provider. Locators of the others that are linked in are read as well: a
    /// typing error should not wait until the clouds are switched.
    fn resources(&mut self) -> Resources {
        let linked = clouds::providers().unwrap_or_default();
        let mut resources = HashMap::new();
        for (name, entry) in &*self.manifest.resources {
            let mut selected = None;
            for (id, locator) in &entry.locators {
                let selected_one = self.registration.filter(|selected| selected.id == id);
                let linked_one = || linked.iter().find(|provider| provider.id == id).copied();
                let Some(provider) = selected_one.or_else(linked_one) else { continue };
                match (provider.resource_kind)(locator) {
                    Ok(kind) if self.registration.is_none_or(|selected| id == selected.id) => {
                        let resource =
                            Resource { name: name.clone(), kind, locator: locator.clone(), force: entry.force };
                        selected = Some(Arc::new(resource));
                    }
                    Ok(_) => {}
                    Err(mut problem) => {
                        let theirs =
                            linked.iter().find(|other| other.id != id && (other.resource_kind)(locator).is_ok());
                        if let Some(theirs) = theirs {
                            let locator = shown(locator);
                            problem = problem.hint(format!("that is {0}'s: write `{0}: {locator}`", theirs.id));
                        }
                        self.problems.push(at_locator(problem, format!("resources.{name}.{id}"), locator));
                    }
                }
            }
            resources.insert(name.clone(), selected);
        }
        let nameless = self.manifest.part.as_deref().map(|part| part.nameless_resources.as_slice()).unwrap_or_default();
        for (name, entry) in nameless {
            for provider in &linked {
                let Some(locator) = entry.locators.get(provider.id) else { continue };
                if let Err(problem) = (provider.resource_kind)(locator) {
                    self.problems.push(at_locator(problem, format!("resources.{name}.{}", provider.id), locator));
                }
            }
        }
        resources
    }

    fn bound(&self) -> Bound {
        let without = self.part().map(|part| &part.without_scope);
        let is_read = |at: &usize| without.is_none_or(|without| !without.contains(at));
        let grants = self.manifest.grants.iter().enumerate().filter(|(at, _)| is_read(at));
        let named = grants.map(|(_, grant)| &grant.scope);
        Bound::of(named.chain(self.manifest.bindings.iter().map(|binding| &binding.scope)))
    }

    /// Whether the grants and the scopes that carry them would fill the memory: each wide grant is carried by each
    /// narrower scope.
    fn are_too_many(&mut self, bound: &Bound) -> bool {
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

    /// The hint for a name that isn't there, for the first problems: to compare each with all takes long.
    fn meant(&self, name: &str, known: impl Iterator<Item = &'a str>) -> String {
        if self.problems.len() >= EXPLAINED {
            return "see the first of these problems for the names that there are".to_owned();
        }
        expected(name, &known.collect::<Vec<_>>())
    }

    /// Whether a scope names only what the platform lists. "Domain" means exactly the listed projects, so one
    /// that isn't listed can't be meant.
    fn is_listed(&self, scope: &Scope) -> bool {
        scope.domain().is_none_or(|domain| self.domains.contains(domain))
            && scope.project().is_none_or(|project| self.projects.contains(project))
            && (*scope == Scope::Global || !self.projects.is_empty())
    }

    fn part(&self) -> Option<&Part> {
        self.manifest.part.as_deref()
    }

    /// The same, saying what isn't listed.
    fn listed(&mut self, scope: &Scope, path: &str) {
        if self.is_listed(scope) {
            return;
        }
        let platform = &self.manifest.platform;
        let mut missing = Vec::new();
        let [projects_unknown, domains_unknown] =
            self.part().map_or([false; 2], |part| [part.unknown_projects, part.unknown_domains]);
        if let Some(domain) = scope.domain()
            && !self.domains.contains(domain)
        {
            let hint = self.meant(domain.as_str(), platform.domains.iter().map(Domain::as_str));
            missing.push(("domain", domain.to_string(), hint));
        }
        if let Some(project) = scope.project()
            && !self.projects.contains(project)
        {
            let hint = self.meant(project.as_str(), platform.projects.iter().map(Project::as_str));
            missing.push(("project", project.to_string(), hint));
        }
        if missing.is_empty() && !projects_unknown {
            self.problem(
                format!("{path}.scope"),
                "the scope reaches no task code: platform.projects is empty",
                "list the projects; a domain is exactly those that are listed",
            );
        }
        for (what, name, hint) in missing {
            // Where the list itself is wrong, it may well be meant to have the name.
            let unknown = if what == "domain" { domains_unknown } else { projects_unknown };
            if unknown {
                continue;
            }
            let message = format!("the {what} `{name}` isn't listed under platform.{what}s");
            self.problem(format!("{path}.scope.{what}"), message, hint);
        }
    }

    fn grants(&mut self, resources: &Resources, bound: &Bound) -> Vec<Arc<Checked<TaskAccess>>> {
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
        let capabilities = &self.registration?.capabilities;
        let mut possible = grant.clone();
        if !capabilities.allows_scope(grant.scope.kind()) {
            possible.scope = capabilities.nearest_scope(&grant.scope)?;
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
        registration.capabilities.check(registration.id, path, request).map(Arc::new)
    }

    /// Adds refusals; where a wider scope would do, with what that newly reaches.
    fn refused(&mut self, scope: &Scope, refusals: Vec<Diagnostic>) {
        const MOST: usize = 8;
        for mut refusal in refusals {
            if self.problems.len() < EXPLAINED
                && refusal.path.ends_with(".scope")
                && let Some(hint) = &mut refusal.hint
                && let Some(wider) = self.registration.and_then(|selected| selected.capabilities.nearest_scope(scope))
            {
                let platform = &self.manifest.platform;
                let newly = platform.pairs(&wider).into_iter().filter(|pair| !scope.contains(&Scope::of_pair(pair)));
                let newly: Vec<_> = newly.map(|pair| pair.to_string()).collect();
                if newly.len() > MOST {
                    let first = newly[..MOST].join(", ");
                    hint.push_str(&format!("; newly reached: {first} and {} more", newly.len() - MOST));
                } else if !newly.is_empty() {
                    hint.push_str(&format!("; newly reached: {}", newly.join(", ")));
                }
            }
            self.problems.push(refusal);
        }
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

    /// A resource that a grant names and that isn't there.
    fn nowhere(&mut self, name: &ResourceName, path: &str) {
        // Something is wrong with the resource, which was said; or with all of them.
        if self.part().is_some_and(|part| part.may_have(name.as_str())) {
            return;
        }
        let id = self.registration.map_or("aws", |selected| selected.id);
        let hint = if self.manifest.resources.is_empty() {
            format!("none is defined yet: write `resources: {{ {name}: {{ {id}: … }} }}`, with where {id} has it")
        } else {
            self.meant(name.as_str(), self.manifest.resources.keys().map(ResourceName::as_str))
        };
        let problem = Diagnostic::new(format!("{path}.access.{name}"), format!("there is no resource `{name}`"));
        self.problems.push(Diagnostic { of_key: true, ..problem.hint(hint) });
    }

    /// A thing without a locator for the selected provider, unless its locator is what is wrong.
    fn no_locator(&mut self, path: &str, what: &str, name: &str) {
        let Some(id) = self.registration.map(|selected| selected.id) else { return };
        let at = format!("{path}.{id}");
        let mut known = self.problems.iter().take(EXPLAINED * EXPLAINED);
        if known.any(|problem| problem.path == at || problem.path == path) {
            return;
        }
        let message = format!("{what} has no locator for {id}");
        self.problem(at, message, format!("say where {id} has it: `{id}: …` under `{name}`"));
    }

    fn registries(&mut self) -> Vec<Checked<RegistryAccess>> {
        let linked = clouds::providers().unwrap_or_default();
        let mut names = HashMap::new();
        let mut registries = Vec::new();
        for (at, entry) in self.manifest.registries.iter().enumerate() {
            let path = self.manifest.path_of("registries", at);
            let is_named = self.part().is_none_or(|part| !part.nameless_registries.contains(&at));
            if let Some(first) = names.insert(&entry.name, at).filter(|_| is_named) {
                let first = self.manifest.path_of("registries", first);
                let message = format!("two registries are called `{}`: the other is {first}", entry.name);
                self.problem(format!("{path}.name"), message, "give each registry a name of its own");
            }
            // Those of other clouds as well, as for resources.
            for provider in
                linked.iter().filter(|linked| self.registration.is_none_or(|selected| selected.id != linked.id))
            {
                let Some(locator) = entry.locators.get(provider.id) else { continue };
                if let Err(problem) = (provider.resource_kind)(locator) {
                    self.problems.push(at_locator(problem, format!("{path}.{}", provider.id), locator));
                }
            }
            let Some(Registration { id, capabilities, resource_kind, .. }) = self.registration else { continue };
            let id = *id;
            let locator = entry.locators.get(id);
            let is_right = match locator.map(|locator| (locator, resource_kind(locator))) {
                Some((_, Ok(ResourceKind::Registry))) => true,
                Some((locator, Ok(kind))) => {
                    let message = format!("`{}` is {}, not a registry", shown(locator), kind.with_article());
                    let hint = "grant it to task code instead: `resources` and `grants`";
                    self.problem(format!("{path}.{id}"), message, hint);
                    false
                }
                Some((locator, Err(problem))) => {
                    self.problems.push(at_locator(problem, format!("{path}.{id}"), locator));
                    false
                }
                None => {
                    self.no_locator(&path, &format!("registry `{}`", entry.name), entry.name.as_str());
                    false
                }
            };
            // A registry's name is a label, as a resource's is.
            let Ok(name) = ResourceName::parse(entry.name.as_str()) else { continue };
            let locator = locator.cloned().unwrap_or_default();
            let resource = Resource { name, kind: ResourceKind::Registry, locator, force: false };
            let reach = Reach { resource: Arc::new(resource), access: entry.access };
            let request = RegistryAccess { name: entry.name.clone(), reach: [reach] };
            // Of one that can't be reached, the level may be wrong as well.
            match capabilities.check(id, &path, request) {
                Ok(checked) => registries.extend(is_right.then_some(checked)),
                Err(refusals) => self.problems.extend(refusals),
            }
        }
        registries
    }

    fn bindings(&mut self, bound: &Bound, grants: &[Arc<Checked<TaskAccess>>]) -> Vec<Checked<ScopeBinding>> {
        for (at, binding) in self.manifest.bindings.iter().enumerate() {
            let path = self.manifest.path_of("bindings", at);
            self.listed(&binding.scope, &path);
        }
        let mut by_scope: HashMap<&Scope, Vec<_>> = HashMap::new();
        for grant in grants {
            by_scope.entry(&grant.scope).or_default().push(grant.clone());
        }
        let own_principal: HashSet<Pair> = bound
            .scopes
            .iter()
            .filter_map(|scope| match scope {
                Scope::ProjectDomain { project, domain } => {
                    Some(Pair { project: project.clone(), domain: domain.clone() })
                }
                _ => None,
            })
            .collect();
        let mut places = HashMap::new();
        for (at, binding) in self.manifest.bindings.iter().enumerate() {
            places.entry(&binding.scope).or_insert(at);
        }
        let mut bindings = Vec::with_capacity(bound.scopes.len());
        for scope in &bound.scopes {
            let mut wider = vec![Scope::Global];
            wider.extend(scope.domain().map(|domain| Scope::Domain { domain: domain.clone() }));
            wider.push(scope.clone());
            wider.dedup();
            let platform = &self.manifest.platform;
            let subjects = match scope {
                // That it is listed was checked above; to look for it among all pairs would take long for many scopes.
                Scope::ProjectDomain { project, domain } => {
                    let pair = Pair { project: project.clone(), domain: domain.clone() };
                    let subject = platform.naming.subject(&pair);
                    vec![(pair, subject)]
                }
                _ => platform.subjects(scope),
            };
            let elsewhere = |pair: &&Pair| match scope {
                Scope::Global => {
                    own_principal.contains(pair)
                        || bound.scopes.contains(&Scope::Domain { domain: pair.domain.clone() })
                }
                Scope::Domain { .. } => own_principal.contains(pair),
                Scope::ProjectDomain { .. } => false,
            };
            let request = ScopeBinding {
                scope: scope.clone(),
                served_elsewhere: subjects.iter().map(|(pair, _)| pair).filter(elsewhere).cloned().collect(),
                subjects,
                grants: wider.iter().filter_map(|scope| by_scope.get(scope)).flatten().cloned().collect(),
            };
            let written = places.get(scope);
            let path = written.map_or_else(|| "bindings".to_owned(), |at| self.manifest.path_of("bindings", *at));
            let Some(registration) = self.registration else { continue };
            match registration.capabilities.check(registration.id, &path, request) {
                Ok(checked) => bindings.push(checked),
                // A binding that nobody wrote is implied by grants, and these are refused for the same reason.
                Err(_) if written.is_none() => {}
                Err(refusals) => self.refused(scope, refusals),
            }
        }
        bindings
    }
}
