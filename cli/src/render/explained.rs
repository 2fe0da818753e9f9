//! What there is to explain of the grants and registries that were asked for.

use std::collections::{BTreeSet, HashMap, HashSet};

use cloudgrant_core::{
    Desired, Execute, Handoff, Intent, IntentId, Note, Object, ObjectId, Pair, Platform, Reach, RegistryAccess, Scope,
    ScopeKind, Session, Snippet, Subject, TaskAccess, Tenancy, of_secrets,
};

use super::pasted::Here;

/// What there is to explain, looked up once however many grants there are.
#[derive(Debug)]
pub(crate) struct Explained<'a> {
    pub(super) session: &'a Session,
    pub(super) desired: &'a Desired,
    wanted: HashSet<&'a IntentId>,
    /// The places of the objects that exist for an intent.
    by_intent: HashMap<&'a IntentId, Vec<usize>>,
    by_id: HashMap<&'a ObjectId, usize>,
    /// Under which scope's principal a pair's task code runs.
    serving: HashMap<&'a Pair, &'a Scope>,
    pub(super) here: &'a Here,
}

impl<'a> Explained<'a> {
    pub(crate) fn new(session: &'a Session, desired: &'a Desired, wanted: &'a [IntentId], here: &'a Here) -> Self {
        let mut by_intent: HashMap<_, Vec<_>> = HashMap::new();
        for (at, object) in desired.objects.iter().enumerate() {
            object.because.iter().for_each(|intent| by_intent.entry(intent).or_default().push(at));
        }
        let by_id = desired.objects.iter().enumerate().map(|(at, object)| (&object.id, at)).collect();
        let mut serving = HashMap::new();
        for binding in &session.intents().bindings {
            let elsewhere: HashSet<_> = binding.served_elsewhere.iter().collect();
            for (pair, _) in binding.subjects.iter().filter(|(pair, _)| !elsewhere.contains(pair)) {
                serving.entry(pair).or_insert(&binding.scope);
            }
        }
        Self { session, desired, wanted: wanted.iter().collect(), by_intent, by_id, serving, here }
    }

    /// The lines of task code for a resource of a grant, one text for each SDK of the platform's.
    pub(super) fn snippets(&self, reach: &Reach) -> Vec<Snippet> {
        let provider = self.session.provider();
        match provider.client_code(reach) {
            Some(code) => self.platform().snippets_of_client(reach, &code),
            None => self.platform().snippets(reach, &provider.in_task_code(&reach.resource)),
        }
    }

    fn places(&self, intent: &IntentId) -> &[usize] {
        self.by_intent.get(intent).map_or(&[], Vec::as_slice)
    }
}

impl Explained<'_> {
    pub(super) fn grants(&self) -> impl Iterator<Item = &TaskAccess> {
        let grants = self.session.intents().grants.iter().map(|grant| &***grant);
        grants.filter(|grant| self.wanted.contains(&IntentId::Grant(grant.name.clone())))
    }

    pub(super) fn registries(&self) -> impl Iterator<Item = &RegistryAccess> {
        let registries = self.session.intents().registries.iter().map(|registry| &**registry);
        registries.filter(|registry| self.wanted.contains(&IntentId::Registry(registry.name.clone())))
    }

    /// What exists for a grant: its own objects, those of its scope's principal that are there for no single grant,
    /// and whatever these need.
    pub(super) fn objects(&self, grant: &TaskAccess) -> Vec<&Object> {
        let (own, binding) = (grant.id(), IntentId::Binding(grant.scope.clone()));
        let of_no_grant =
            |at: &&usize| !self.desired.objects[**at].because.iter().any(|intent| matches!(intent, IntentId::Grant(_)));
        let of_the_principal = self.places(&binding).iter().filter(of_no_grant);
        self.with_needs(self.places(&own).iter().chain(of_the_principal).copied().collect())
    }

    pub(super) fn objects_of_registry(&self, registry: &RegistryAccess) -> Vec<&Object> {
        self.with_needs(self.places(&IntentId::Registry(registry.name.clone())).iter().copied().collect())
    }

    /// Objects, each after those that it needs: whoever works the list off from its beginning has each thing when it is
    /// needed.
    fn with_needs(&self, places: BTreeSet<usize>) -> Vec<&Object> {
        let (mut listed, mut seen) = (Vec::new(), HashSet::new());
        for at in places {
            list(self.desired, &self.by_id, at, &mut seen, &mut listed);
        }
        listed
    }

    pub(super) fn tenancy(&self) -> &Tenancy {
        &self.session.loaded().manifest.platform
    }

    pub(super) fn platform(&self) -> &dyn Platform {
        self.session.platform().as_ref()
    }

    pub(super) fn scope_kinds(&self) -> Vec<ScopeKind> {
        self.session.registration().capabilities.bound_kinds(self.tenancy())
    }

    /// The platform's half of the grants, where there are any.
    pub(super) fn execute(&self) -> Option<Execute> {
        let scopes: HashSet<_> = self.grants().map(|grant| &grant.scope).collect();
        let stack = &self.session.loaded().manifest.stack;
        (!scopes.is_empty()).then(|| Execute::of(self.platform(), stack, scopes))
    }

    /// What somebody else is to do, with commands as they have to be written here.
    pub(super) fn task(&self, handoff: &Handoff) -> String {
        self.here.text(&handoff.task)
    }

    /// Whether commands or documents are told that are for the real cloud.
    pub(super) fn says_commands(&self, execute: Option<&Execute>) -> bool {
        let of_grants = self.grants().flat_map(|grant| self.objects(grant));
        let of_registries = self.registries().flat_map(|registry| self.objects_of_registry(registry));
        execute.is_some_and(|execute| execute.handoff.is_some())
            || of_grants.chain(of_registries).any(|object| !self.session.equivalent(object).is_empty())
    }

    /// What there is to know of these grants whichever cloud serves them.
    pub(super) fn advice(&self) -> Vec<Note> {
        let mut notes = Vec::from_iter(self.grants().find_map(|grant| self.tenancy().isolation(&grant.scope)));
        notes.extend(of_secrets(self.platform(), self.grants().flat_map(|grant| &grant.reaches)));
        self.here.notes(&mut notes);
        notes
    }

    /// What there is to know, but for what is about other intents, or about objects that exist for others only.
    pub(super) fn notes(&self) -> Vec<Note> {
        let mut about: HashSet<String> = self.wanted.iter().map(ToString::to_string).collect();
        for grant in self.grants() {
            about.extend(grant.carried_by.iter().map(|scope| IntentId::Binding(scope.clone()).to_string()));
            about.extend(self.objects(grant).iter().map(|object| object.id.to_string()));
        }
        for registry in self.registries() {
            about.extend(self.objects_of_registry(registry).iter().map(|object| object.id.to_string()));
        }
        let intents = self.session.intents();
        let grants = intents.grants.iter().map(|intent| intent.id());
        let registries = intents.registries.iter().map(|intent| intent.id());
        let bindings = intents.bindings.iter().map(|intent| intent.id());
        let others: HashSet<String> = grants
            .chain(registries)
            .chain(bindings)
            .map(|id| id.to_string())
            .chain(self.desired.objects.iter().map(|object| object.id.to_string()))
            .filter(|id| !about.contains(id))
            .collect();
        let mut notes: Vec<_> =
            self.desired.notes.iter().filter(|note| !others.contains(&note.about)).cloned().collect();
        self.here.notes(&mut notes);
        notes
    }

    /// The task code of a scope, each with the scope under whose principal it runs.
    pub(super) fn task_code(&self, scope: &Scope) -> Vec<(Pair, Subject, Option<&Scope>)> {
        let subjects = self.tenancy().subjects(scope).into_iter();
        subjects
            .map(|(pair, subject)| {
                let scope = self.serving.get(&pair).copied();
                (pair, subject, scope)
            })
            .collect()
    }
}

/// Puts an object into the list, after what it needs.
fn list<'a>(
    desired: &'a Desired,
    known: &HashMap<&ObjectId, usize>,
    at: usize,
    seen: &mut HashSet<usize>,
    listed: &mut Vec<&'a Object>,
) {
    if !seen.insert(at) {
        return;
    }
    let object = &desired.objects[at];
    for need in object.depends_on.iter().filter_map(|id| known.get(id)) {
        list(desired, known, *need, seen, listed);
    }
    listed.push(object);
}
