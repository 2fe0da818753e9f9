//! What the verbs answer.

use cloudgrant_core::{
    Access, Desired, Identity, Intent, IntentId, Object, Ownership, Pair, Principal, RegisteredKind, Scope, ScopeKind,
    Subject,
};

use crate::bench::{Bench, Run, Sketch, scope};
use crate::fixture::Fixture;
use crate::tree;
use crate::verdict::{Checked, found, hold, skip};

pub(super) async fn nothing_asked_nothing_wanted<F: Fixture>() -> Checked {
    let bench = Bench::<F>::fresh().await?;
    // With and without anything of the stack in the world: what is there is not wanted because of that.
    for sketch in [Sketch::new(), bench.everything()?] {
        if !sketch.is_empty() {
            bench.apply(&sketch).await?;
        }
        let provider = bench.open(&Sketch::new()).await?.provider;
        let permissions = provider.grant_task_access(&[]).await?;
        hold(permissions.is_empty(), || format!("grants that nobody has come to {permissions:?}"))?;
        let bound = provider.bind_scope(&[], &permissions).await?;
        for (verb, answer) in [
            ("grant_task_access", permissions.desired),
            ("enable_registry", provider.enable_registry(&[]).await?),
            ("bind_scope", bound.desired),
        ] {
            hold(answer.objects.is_empty(), || format!("{verb} wants {} for nothing", answer.objects[0].id))?;
            hold(answer.notes.is_empty(), || format!("{verb} has a note on nothing: {:?}", answer.notes[0]))?;
        }
        let principals = bound.principals;
        hold(principals.is_empty(), || format!("a principal of {} serves nothing", principals[0].scope))?;
    }
    Ok(())
}

pub(super) async fn objects_have_the_asked_scope<F: Fixture>() -> Checked {
    let bench = Bench::<F>::fresh().await?;
    let mut sketches = vec![bench.everything()?];
    // One by one as well: in a batch, a wider neighbour could hide a widened scope.
    if let Some(reach) = bench.reach(0) {
        sketches.extend(bench.scopes().iter().map(|scope| Sketch::new().grant("alone", scope, &[reach])));
    }
    for sketch in sketches {
        let Run { provider, platform, intents, .. } = bench.open(&sketch).await?;
        let grants: Vec<_> = intents.grants.iter().map(|grant| ask(&***grant)).collect();
        let permissions = provider.grant_task_access(&intents.grants).await?;
        answered(&grants, &permissions.desired)?;
        for (scope, because) in permissions.scopes() {
            scoped(&grants, "a permission", because, scope)?;
        }
        let registries: Vec<_> = intents.registries.iter().map(|registry| ask(&**registry)).collect();
        answered(&registries, &provider.enable_registry(&intents.registries).await?)?;
        let bindings: Vec<_> = intents.bindings.iter().map(|binding| ask(&**binding)).collect();
        let bound = provider.bind_scope(&intents.bindings, &permissions).await?;
        answered(&bindings, &bound.desired)?;
        for principal in &bound.principals {
            let is_asked =
                bindings.iter().any(|(id, scope)| principal.because.contains(id) && *scope == principal.scope);
            hold(is_asked, || format!("a principal has the scope `{}`, which was not asked for", principal.scope))?;
        }
        answered(&bindings, &platform.deliver(&bound.principals)?)?;
    }
    Ok(())
}

fn ask(intent: &impl Intent) -> (IntentId, Scope) {
    (intent.id(), intent.scope().clone())
}

fn answered(asked: &[(IntentId, Scope)], answer: &Desired) -> Checked {
    let scoped = |object: &Object| scoped(asked, &object.id.to_string(), &object.because, &object.scope);
    answer.objects.iter().try_for_each(scoped)
}

fn scoped(asked: &[(IntentId, Scope)], what: &str, because: &[IntentId], scope: &Scope) -> Checked {
    let mut scopes = asked.iter().filter(|(id, _)| because.contains(id)).map(|(_, scope)| scope).peekable();
    hold(scopes.peek().is_some(), || {
        format!("{what} exists because of {because:?}, and none of that was asked of this verb")
    })?;
    match scopes.find(|asked| *asked != scope) {
        Some(asked) => found(format!("{what} has the scope `{scope}` where `{asked}` was asked")),
        None => Ok(()),
    }
}

pub(super) async fn subjects_are_exactly_those_listed<F: Fixture>() -> Checked {
    let bench = Bench::<F>::fresh().await?;
    let Some(reach) = bench.reach(0) else { return skip("the fixture has no resource that can be granted") };
    let mut tried = false;
    for kind in [ScopeKind::Domain, ScopeKind::ProjectDomain] {
        let Some(scope) = scope(kind).filter(|_| bench.capabilities().allows_scope(kind)) else { continue };
        tried = true;
        let sketch = Sketch::new().grant("scoped", &scope, &[reach]);
        let (loaded, intents, _) = bench.read(&sketch)?;
        let everyone = loaded.manifest.platform.subjects(&Scope::Global);
        let Some(binding) = intents.bindings.first() else { return found("the scope has no binding") };
        let listed = |namespace: &str| binding.subjects.iter().any(|(_, subject)| subject.namespace() == namespace);

        let run = bench.open(&sketch).await?;
        let (desired, bound) = run.granted_and_bound().await?;
        let is_listed = |one: &&(Pair, Subject)| binding.subjects.contains(one);
        for principal in &bound.principals {
            if let Some((_, other)) = principal.serves.iter().find(|one| !is_listed(one)) {
                return found(format!("for {scope}, a principal would serve `{other}`, which is no listed subject"));
            }
        }
        // What the platform is told names them whatever the cloud trusts; but where its vendor makes the principal, that is all
        // there is.
        let is_asked = |principal: &Principal| matches!(principal.identity, Identity::Asked(_));
        let (asked, _): (Vec<_>, Vec<_>) = bound.principals.into_iter().partition(is_asked);
        let mut objects = desired.objects;
        objects.extend(bound.desired.objects);
        objects.extend(run.platform.deliver(&asked)?.objects);
        let texts: Vec<_> = objects.iter().flat_map(said).collect();
        for (_, subject) in &everyone {
            let named = texts.iter().find(|text| text.contains(subject.namespace()));
            match (listed(subject.namespace()), named) {
                (true, None) => return found(format!("for {scope}, no object names its subject `{subject}`")),
                (false, Some(text)) => {
                    return found(format!(
                        "for {scope}, an object names the namespace `{}`: {text}",
                        subject.namespace()
                    ));
                }
                _ => {}
            }
        }
        for text in &texts {
            for subject in subjects(text) {
                let exact = binding.subjects.iter().any(|(_, listed)| listed.to_string() == subject);
                hold(exact, || format!("for {scope}, an object names `{subject}`, which is no listed subject"))?;
            }
        }
    }
    if tried { Ok(()) } else { skip("the provider binds no scope but the global one") }
}

pub(super) async fn shared_subjects_are_named_once<F: Fixture>() -> Checked {
    let bench = Bench::<F>::fresh().await?;
    let Some(reach) = bench.reach(0) else { return skip("the fixture has no resource that can be granted") };
    let Some(scope) = scope(ScopeKind::Domain).filter(|_| bench.capabilities().allows_scope(ScopeKind::Domain)) else {
        return skip("the provider binds no domain");
    };
    let sketch = Sketch { namespaces: Some("{domain}"), ..Sketch::new().grant("scoped", &scope, &[reach]) };
    let run = bench.open(&sketch).await?;
    let Some(binding) = run.intents.bindings.first() else { return found("the scope has no binding") };
    let [subject] = binding.service_accounts()[..] else { return found("a domain has several service accounts") };
    let subject = subject.to_string();
    let permissions = run.provider.grant_task_access(&run.intents.grants).await?;
    let bound = run.provider.bind_scope(&run.intents.bindings, &permissions).await?;
    let mut told = Vec::new();
    for object in &bound.desired.objects {
        let attributes = object.attributes.value();
        let times = tree::texts(&attributes).iter().filter(|text| **text == subject).count();
        hold(times <= 1, || format!("{} names `{subject}` {times} times", object.id))?;
        if times > 0 {
            let said = (object.id.kind, attributes.to_string());
            hold(!told.contains(&said), || format!("a second {} says the same of `{subject}`", object.id.kind))?;
            told.push(said);
        }
    }
    Ok(())
}

/// Everything that an object says, to the cloud or to people.
fn said(object: &Object) -> Vec<String> {
    let mut texts = tree::texts(&object.attributes.value());
    texts.push(object.id.name.clone());
    texts.extend(object.handoff.iter().map(|handoff| handoff.document.clone()));
    texts
}

/// The service accounts in a text, patterns included.
fn subjects(text: &str) -> impl Iterator<Item = String> {
    const START: &str = "system:serviceaccount:";
    text.match_indices(START).map(|(at, _)| {
        let rest = &text[at + START.len()..];
        let inside = |c: char| c.is_ascii_alphanumeric() || "-.:*?".contains(c);
        let end = rest.find(|c| !inside(c)).unwrap_or(rest.len());
        format!("{START}{}", &rest[..end])
    })
}

pub(super) async fn scopes_add_up<F: Fixture>() -> Checked {
    let bench = Bench::<F>::fresh().await?;
    let scopes = bench.scopes();
    let Some(reach) = bench.reach(0) else { return skip("the fixture has no resource that can be granted") };
    if scopes.len() < 2 {
        return skip("the provider binds only one kind of scope");
    }
    for (at, wide) in scopes.iter().enumerate() {
        for narrow in &scopes[at + 1..] {
            let sketch = Sketch::new().grant("wide", wide, &[reach]).grant("narrow", narrow, &[reach]);
            let run = bench.open(&sketch).await?;
            let desired = run.desired().await?;
            let for_narrow: Vec<_> = desired
                .objects
                .iter()
                .filter(|object| object.because.contains(&IntentId::Binding(narrow.clone())))
                .collect();
            let wide_id = run.intents.grants.iter().find(|grant| grant.scope == *wide).map(|grant| grant.id());
            let of_wide = |object: &&Object| wide_id.as_ref().is_some_and(|id| object.because.contains(id));
            let for_wide: Vec<_> = desired.objects.iter().filter(of_wide).collect();
            // Either the principal's objects refer to the grant's, as an attachment does to a policy, or the other way
            // round, as a role assignment does to an identity.
            let tied = for_narrow.iter().any(|narrow| {
                for_wide.iter().any(|wide| narrow.id == wide.id || refers(narrow, wide) || refers(wide, narrow))
            });
            hold(tied, || {
                format!(
                    "nothing ties the principal of {narrow} to what the grant for {wide} makes, so it lacks that access"
                )
            })?;
        }
    }
    Ok(())
}

/// Whether an object depends on another, or names it.
fn refers(from: &Object, to: &Object) -> bool {
    from.depends_on.contains(&to.id)
        || tree::texts(&from.attributes.value()).iter().any(|text| text.contains(&to.id.name))
}

pub(super) async fn capabilities_are_served<F: Fixture>() -> Checked {
    let bench = Bench::<F>::fresh().await?;
    let mut without_sample = Vec::new();
    let kinds: Vec<_> = bench.capabilities().registered_kinds().iter().map(|registered| registered.kind).collect();
    for (at, kind) in kinds.iter().enumerate() {
        hold(!kinds[..at].contains(kind), || format!("{} is registered twice", kind.with_article()))?;
    }
    for scope in bench.scopes() {
        for RegisteredKind { kind, levels, .. } in bench.capabilities().registered_kinds() {
            let Some(at) = bench.resources.iter().position(|(_, known)| known == kind) else {
                if !levels.is_empty() && !without_sample.contains(&kind.to_string()) {
                    without_sample.push(kind.to_string());
                }
                continue;
            };
            for level in *levels {
                let sketch = Sketch::new().grant("served", &scope, &[(at, *level)]);
                let run = bench.open(&sketch).await?;
                let (mut answer, mut bound) = run.granted_and_bound().await?;
                // Where principals are given roles, it is the binding that serves a grant.
                let grants: Vec<_> = run.intents.grants.iter().map(|grant| grant.id()).collect();
                // And where only the platform's vendor can make the principal, it is asked for what serves it.
                bound.desired.extend(run.platform.deliver(&bound.principals)?);
                bound.desired.objects.retain(|object| object.because.iter().any(|because| grants.contains(because)));
                answer.objects.extend(bound.desired.objects);
                served(&answer, &format!("`{level}` on {} for {scope}", kind.with_article()))?;
            }
        }
    }
    for level in bench.capabilities().registry_levels() {
        if bench.registries.is_empty() {
            without_sample.push("registry to enable".to_owned());
            break;
        }
        for (at, locator) in bench.registries.iter().enumerate() {
            let sketch = Sketch::new().registry(bench.id(), at, locator, *level);
            let run = bench.open(&sketch).await?;
            let answer = run.provider.enable_registry(&run.intents.registries).await?;
            served(&answer, &format!("`{level}` on the registry {locator}"))?;
        }
    }
    if without_sample.is_empty() {
        return Ok(());
    }
    skip(format!("the fixture has no sample of what is declared: {}; the rest is served", without_sample.join(", ")))
}

fn served(answer: &Desired, what: &str) -> Checked {
    hold(!answer.objects.is_empty() || !answer.notes.is_empty(), || {
        format!("nothing comes of {what}, and no note either")
    })
}

pub(super) async fn the_rest_is_refused<F: Fixture>() -> Checked {
    let bench = Bench::<F>::fresh().await?;
    let declared = bench.capabilities();
    let mut refused = 0;
    if let Some(reach) = bench.reach(0) {
        for kind in ScopeKind::ALL.into_iter().filter(|kind| !declared.allows_scope(*kind)) {
            let Some(scope) = scope(kind) else { continue };
            let refusal = refusal(&bench, &Sketch::new().grant("refused", &scope, &[reach]))?;
            // The reason is the provider's to give: core can't know it.
            hold(!refusal.trim_end().ends_with(&scope.to_string()), || {
                format!("the refusal gives no reason why {kind} scopes can't be bound: {refusal}")
            })?;
            refused += 1;
        }
    }
    for (at, (_, kind)) in bench.resources.iter().enumerate() {
        let Some(scope) = bench.scopes().into_iter().next() else { break };
        for level in Access::ALL.into_iter().filter(|level| !declared.levels(*kind).contains(level)) {
            refusal(&bench, &Sketch::new().grant("refused", &scope, &[(at, level)]))?;
            refused += 1;
        }
    }
    for (at, locator) in bench.registries.iter().enumerate() {
        for level in Access::ALL.into_iter().filter(|level| !declared.registry_levels().contains(level)) {
            refusal(&bench, &Sketch::new().registry(bench.id(), at, locator, level))?;
            refused += 1;
        }
    }
    if refused > 0 { Ok(()) } else { skip("the provider declares everything that there is") }
}

/// What is said when a manifest asks for what isn't declared.
fn refusal<F: Fixture>(bench: &Bench<F>, sketch: &Sketch) -> Checked<String> {
    let (_, intents, problems) = bench.read(sketch)?;
    let asked = sketch.grants.iter().chain(&sketch.registries).map(ToString::to_string).collect::<String>();
    hold(intents.grants.is_empty() && intents.registries.is_empty(), || format!("this passed the check: {asked}"))?;
    let Some(problem) = problems.first() else { return found(format!("this was dropped without a word: {asked}")) };
    hold(problem.hint.as_ref().is_some_and(|hint| !hint.is_empty()), || {
        format!("the refusal doesn't say what is supported: {problem}")
    })?;
    Ok(problem.message.clone())
}

pub(super) async fn commands_make_each_object<F: Fixture>() -> Checked {
    let bench = Bench::<F>::fresh().await?;
    let sketch = bench.everything()?;
    let run = bench.open(&sketch).await?;
    let objects = run.desired().await?.objects;
    let own = |object: &&Object| object.ownership == Ownership::Exclusive && object.handoff.is_none();
    let (with, without): (Vec<_>, Vec<_>) =
        objects.iter().filter(own).partition(|object| !run.provider.equivalent(object).is_empty());
    if with.is_empty() {
        return skip("the provider gives no equivalent commands");
    }
    match without.first() {
        Some(object) => found(format!("there is none for {}, though there is one for {}", object.id, with[0].id)),
        None => Ok(()),
    }
}
