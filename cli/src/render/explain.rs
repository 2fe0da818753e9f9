//! What each grant comes to.

use std::collections::{BTreeSet, HashMap, HashSet};

use cloudgrant_core::{
    Desired, Execute, Handoff, Intent, IntentId, Note, Object, ObjectId, Ownership, Pair, Platform, Reach,
    RegistryAccess, Scope, ScopeKind, Session, Snippet, Subject, TaskAccess, Tenancy, of_secrets,
};
use serde_json::{Value, json};

use super::attributes::{self, Lists};
use super::pasted::Here;
use super::{BOLD, CYAN, DIM, code, halves, indented, json, notes, styled, wrapped};

/// What there is to explain, looked up once however many grants there are.
#[derive(Debug)]
pub(crate) struct Explained<'a> {
    session: &'a Session,
    desired: &'a Desired,
    wanted: HashSet<&'a IntentId>,
    /// The places of the objects that exist for an intent.
    by_intent: HashMap<&'a IntentId, Vec<usize>>,
    by_id: HashMap<&'a ObjectId, usize>,
    /// Under which scope's principal a pair's task code runs.
    serving: HashMap<&'a Pair, &'a Scope>,
    here: &'a Here,
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

    fn registries(&self) -> impl Iterator<Item = &RegistryAccess> {
        let registries = self.session.intents().registries.iter().map(|registry| &**registry);
        registries.filter(|registry| self.wanted.contains(&IntentId::Registry(registry.name.clone())))
    }

    /// What exists for a grant: its own objects, those of its scope's principal that are there for no single grant,
    /// and whatever these need.
    fn objects(&self, grant: &TaskAccess) -> Vec<&Object> {
        let (own, binding) = (grant.id(), IntentId::Binding(grant.scope.clone()));
        let of_no_grant =
            |at: &&usize| !self.desired.objects[**at].because.iter().any(|intent| matches!(intent, IntentId::Grant(_)));
        let of_the_principal = self.places(&binding).iter().filter(of_no_grant);
        self.with_needs(self.places(&own).iter().chain(of_the_principal).copied().collect())
    }

    fn objects_of_registry(&self, registry: &RegistryAccess) -> Vec<&Object> {
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

    fn tenancy(&self) -> &Tenancy {
        &self.session.loaded().manifest.platform
    }

    fn platform(&self) -> &dyn Platform {
        self.session.platform().as_ref()
    }

    fn scope_kinds(&self) -> Vec<ScopeKind> {
        self.session.registration().capabilities.bound_kinds(self.tenancy())
    }

    /// The platform's half of the grants, where there are any.
    fn execute(&self) -> Option<Execute> {
        let scopes: HashSet<_> = self.grants().map(|grant| &grant.scope).collect();
        let stack = &self.session.loaded().manifest.stack;
        (!scopes.is_empty()).then(|| Execute::of(self.platform(), stack, scopes))
    }

    /// What somebody else is to do, with commands as they have to be written here.
    fn task(&self, handoff: &Handoff) -> String {
        self.here.text(&handoff.task)
    }

    /// Whether commands or documents are told that are for the real cloud.
    fn says_commands(&self, execute: Option<&Execute>) -> bool {
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
    fn notes(&self) -> Vec<Note> {
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
    fn task_code(&self, scope: &Scope) -> Vec<(Pair, Subject, Option<&Scope>)> {
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

/// For people.
pub(crate) fn text(explained: &Explained<'_>, width: Option<usize>) -> String {
    let mut out = String::new();
    let mut shown = HashSet::new();
    let execute = explained.execute();
    if let Some(aside) = explained.here.aside().filter(|_| explained.says_commands(execute.as_ref())) {
        out.push_str(&format!("{}\n\n", styled(DIM, &wrapped(&aside, 0, 0, width))));
    }
    for grant in explained.grants() {
        title("grant", grant.name.as_str(), "task access", &mut out);
        out.push_str(&format!("  scope: {}\n", grant.scope));
        out.push_str(&halves::reached(explained.tenancy(), &grant.scope, &explained.scope_kinds(), width));
        reaches(explained, &grant.reaches, &mut out);
        out.push_str("  for the task code of:\n");
        let code = explained.task_code(&grant.scope);
        let widest = |texts: &mut dyn Iterator<Item = String>| texts.map(|text| text.len()).max().unwrap_or_default();
        let first = widest(&mut code.iter().map(|(pair, ..)| pair.to_string()));
        let second = widest(&mut code.iter().map(|(_, subject, _)| subject.to_string()));
        for (pair, subject, scope) in code {
            let under = scope.map(|scope| format!("principal of {scope}")).unwrap_or_default();
            let (pair, subject) = (pair.to_string(), subject.to_string());
            let line = format!("    {pair:first$}  {subject:second$}  {}", styled(DIM, &under));
            out.push_str(line.trim_end());
            out.push('\n');
        }
        objects(explained, &explained.objects(grant), "the cloud's half", &mut shown, &mut out);
        let pairs = explained.tenancy().audience(&grant.scope, &[]).pairs;
        out.extend(execute.iter().map(|execute| halves::platforms_half(execute, pairs)));
    }
    for registry in explained.registries() {
        title("registry", registry.name.as_str(), "infrastructure access", &mut out);
        reaches(explained, &registry.reach, &mut out);
        out.push_str("  for the platform's infrastructure, and so for whatever runs on it\n");
        objects(explained, &explained.objects_of_registry(registry), "comes to", &mut shown, &mut out);
    }
    out.extend(execute.iter().map(|execute| halves::execute(execute, width)));
    let advice = explained.advice();
    out.push_str(&notes::all(explained.notes().iter().chain(&advice), width));
    format!("{}\n", out.trim_end())
}

/// Requirement 1: which of the two kinds of access it is.
fn title(what: &str, name: &str, kind: &str, out: &mut String) {
    out.push_str(&format!("{} {}   {}\n", styled(CYAN, what), styled(BOLD, name), styled(DIM, &format!("({kind})"))));
}

fn reaches(explained: &Explained<'_>, reaches: &[Reach], out: &mut String) {
    out.push_str("  access:\n");
    for reach in reaches {
        let resource = &reach.resource;
        out.push_str(&format!(
            "    {}: {}  {}\n",
            resource.name,
            reach.access,
            styled(DIM, &format!("({}, {})", resource.kind, resource.locator))
        ));
        for (called, name) in explained.session.provider().in_task_code(resource) {
            out.push_str(&format!("      {} {called} = {name:?}\n", styled(DIM, "in task code:")));
        }
    }
}

fn objects<'a>(
    explained: &Explained<'_>,
    objects: &[&'a Object],
    heading: &str,
    shown: &mut HashSet<&'a ObjectId>,
    out: &mut String,
) {
    if objects.is_empty() {
        out.push_str("  comes to nothing: nothing has to be done\n\n");
        return;
    }
    out.push_str(&format!("  {heading}:\n"));
    for (at, object) in objects.iter().enumerate() {
        if at > 0 {
            out.push('\n');
        }
        out.push_str(&format!("    {} {}", object.id.kind, styled(BOLD, &object.id.name)));
        if !shown.insert(&object.id) {
            out.push_str(&format!("   {}\n", styled(DIM, "(shown above)")));
            continue;
        }
        out.push('\n');
        if let Ownership::Fragment { of } = &object.ownership {
            out.push_str(&format!("      {}\n", styled(DIM, &format!("part of {of}"))));
        }
        out.push_str(&attributes::text(&object.attributes.value(), Lists::Inline, 6));
        if let Some(handoff) = &object.handoff {
            out.push_str(&format!(
                "      {} {}: {}\n",
                styled(DIM, "to be done by"),
                handoff.to,
                explained.task(handoff)
            ));
        }
        let commands = explained.session.equivalent(object);
        if !commands.is_empty() {
            out.push_str(&format!("      {}\n", styled(DIM, "by hand:")));
            out.push_str(&indented(&commands.join("\n"), 8));
        }
    }
    out.push('\n');
}

/// For programs.
pub(crate) fn document(explained: &Explained<'_>, with_code: bool) -> Value {
    let session = explained.session;
    let advice = explained.advice();
    let grants = explained.grants().map(|grant| {
        let code = explained.task_code(&grant.scope).into_iter().map(|(pair, subject, scope)| {
            json!({ "project": pair.project, "domain": pair.domain, "subject": subject, "principal_of": scope })
        });
        let mut value = json!({
            "name": grant.name,
            "scope": grant.scope,
            "access": access(explained, &grant.reaches),
            "reaches": reached(explained, &grant.scope),
            "task_code": code.collect::<Vec<_>>(),
            "carried_by": &*grant.carried_by,
            "objects": described(explained, &explained.objects(grant)),
        });
        if with_code {
            value["code"] = code::document(explained, grant);
        }
        value
    });
    let registries = explained.registries().map(|registry| {
        json!({
            "name": registry.name,
            "access": access(explained, &registry.reach),
            "objects": described(explained, &explained.objects_of_registry(registry)),
        })
    });
    json!({
        "format_version": json::FORMAT_VERSION,
        "command": "explain",
        "provider": session.registration().id,
        "stack": session.loaded().manifest.stack,
        "grants": grants.collect::<Vec<_>>(),
        "registries": registries.collect::<Vec<_>>(),
        "execute": explained.execute(),
        "notes": json::notes(explained.notes().iter().chain(&advice)),
    })
}

fn reached(explained: &Explained<'_>, scope: &Scope) -> Value {
    let mut value = json!(explained.tenancy().audience(scope, &explained.scope_kinds()));
    value["isolation"] = json!(explained.tenancy().isolation(scope).map(|note| note.message));
    value
}

fn access(explained: &Explained<'_>, reaches: &[Reach]) -> Value {
    let reach = |reach: &Reach| {
        let resource = &reach.resource;
        let mut value = json!({
            "resource": resource.name,
            "kind": resource.kind,
            "locator": resource.locator,
            "access": reach.access,
        });
        let names = explained.session.provider().in_task_code(resource);
        if !names.is_empty() {
            value["in_task_code"] = names.into_iter().map(|(called, name)| (called.to_owned(), json!(name))).collect();
        }
        value
    };
    reaches.iter().map(reach).collect()
}

fn described(explained: &Explained<'_>, objects: &[&Object]) -> Value {
    let object = |object: &&Object| {
        let mut value = json!({
            "kind": object.id.kind,
            "name": object.id.name,
            "because": object.because,
            "attributes": object.attributes,
            "commands": explained.session.equivalent(object),
        });
        if let Ownership::Fragment { of } = &object.ownership {
            value["part_of"] = json!(of);
        }
        if let Some(handoff) = &object.handoff {
            value["handoff"] = json!(Handoff { task: explained.task(handoff), ..handoff.clone() });
        }
        value
    };
    objects.iter().map(object).collect()
}
