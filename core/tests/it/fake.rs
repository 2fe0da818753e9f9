//! A provider that does as it is told.

mod connecting;

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use cloudgrant_core::{
    Access, Action, Approval, Approved, Attributes, Backend, Bound, Cancel, Change, Checked, Confirmed, Connect,
    Desired, Engine, Error, ErrorKind, Event, Found, GrantName, HandsOff, HowAsked, Intent, IntentId, Intents, Limit,
    Locator, Naming, Object, ObjectId, Observed, Obstacle, Outcome, Permissions, Platform, PlatformContext, Provider,
    Reach, RegistryAccess, Report, Resource, ResourceKind, ResourceName, Result, Scope, ScopeBinding, Settings, Silent,
    Stack, TaskAccess, Tenancy, Unmakeable, Watch,
};
use serde_json::json;

/// What becomes of a try.
pub(crate) enum Step {
    /// It succeeds, after a while.
    Make(Duration),
    /// It fails, after a while.
    Fail(ErrorKind, Duration),
    /// It says that it succeeded, with a remark.
    Pretend,
}

/// How the names of its marks of confirmed handoffs begin.
pub(crate) const CONFIRMED: &str = "confirmed-";

/// The remark.
pub(crate) const PRETENDED: &str = "the document of somebody else was written";

type Script = Box<dyn Fn(&Change, u32) -> Step + Send + Sync>;

pub(crate) struct Fake {
    wanted: Mutex<Vec<Object>>,
    /// What takes the place of what.
    pub(crate) replaces: BTreeMap<ObjectId, Vec<ObjectId>>,
    /// What can't be done to which things, and why.
    pub(crate) unmakeable: Vec<(&'static [Action], Vec<&'static str>, &'static str)>,
    /// Whether it is only the caller who may not.
    pub(crate) is_of_caller: bool,
    pub(crate) limits: Vec<Limit>,
    script: Script,
    pub(crate) world: Mutex<BTreeMap<ObjectId, Found>>,
    /// What observe shows, if it isn't the world: for so many looks.
    stale: Mutex<(u32, BTreeMap<ObjectId, Found>)>,
    tries: Mutex<HashMap<ObjectId, u32>>,
    /// Begun and ended changes, in order.
    log: Mutex<Vec<String>>,
    running: AtomicUsize,
    most: AtomicUsize,
    /// How many of the next questions fail, and with what.
    pub(crate) unanswered: AtomicU32,
    pub(crate) questions: AtomicU32,
    /// What it says when it is asked for just this grant.
    pub(crate) refusing: Option<(&'static str, ErrorKind)>,
    /// Whether it says so, too, where that is one of several.
    pub(crate) is_refusing_always: bool,
    /// Whether somebody else may be asked for something.
    pub(crate) hands_off: bool,
    /// Whether it remembers what was confirmed.
    pub(crate) remembers: bool,
    /// What tells its principals from others of their names.
    pub(crate) unique_ids: Mutex<BTreeMap<String, String>>,
}

impl fmt::Debug for Fake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Fake")
    }
}

pub(crate) fn id(name: &str) -> ObjectId {
    ObjectId::new("thing", name)
}

/// An object that needs others.
pub(crate) fn object(name: &str, needs: &[&str]) -> Object {
    Object {
        depends_on: needs.iter().map(|need| id(need)).collect(),
        ..Object::new(
            id(name),
            Scope::Global,
            vec![IntentId::Grant(GrantName::parse("all").expect("name"))],
            json!({ "name": name }),
        )
    }
}

/// The same for grants; where it is for several, what it is like depends on which.
pub(crate) fn object_for(name: &str, grants: &[&str]) -> Object {
    let because: Vec<_> = grants.iter().map(|name| IntentId::Grant(GrantName::parse(*name).expect("name"))).collect();
    Object { attributes: for_grants(&because), because, ..object(name, &[]) }
}

fn for_grants(grants: &[IntentId]) -> Attributes {
    json!(grants.iter().map(ToString::to_string).collect::<Vec<_>>()).into()
}

pub(crate) fn found(needs: &[&str]) -> Found {
    let depends_on = needs.iter().map(|need| id(need)).collect();
    Found { attributes: json!({}).into(), owned: true, depends_on, if_deleted: None, touches: Vec::new() }
}

impl Fake {
    /// Wants something else from now on.
    pub(crate) fn want(&self, objects: Vec<Object>) {
        *self.wanted.lock().expect("lock") = objects;
    }

    pub(crate) fn wanting(objects: Vec<Object>) -> Self {
        Self {
            wanted: Mutex::new(objects),
            replaces: BTreeMap::new(),
            unmakeable: Vec::new(),
            is_of_caller: false,
            limits: Vec::new(),
            script: Box::new(|_, _| Step::Make(Duration::from_secs(1))),
            world: Mutex::default(),
            stale: Mutex::default(),
            tries: Mutex::default(),
            log: Mutex::default(),
            running: AtomicUsize::new(0),
            most: AtomicUsize::new(0),
            unanswered: AtomicU32::new(0),
            questions: AtomicU32::new(0),
            refusing: None,
            is_refusing_always: false,
            hands_off: true,
            remembers: false,
            unique_ids: Mutex::default(),
        }
    }

    /// With things that are the stack's and no longer wanted.
    pub(crate) fn having(self, things: &[(&str, &[&str])]) -> Self {
        let things = things.iter().map(|(name, needs)| (id(name), found(needs)));
        self.world.lock().expect("lock").extend(things);
        self
    }

    pub(crate) fn acting(mut self, script: impl Fn(&Change, u32) -> Step + Send + Sync + 'static) -> Self {
        self.script = Box::new(script);
        self
    }

    /// With so many looks, after the first change, that show the world as it was before.
    pub(crate) fn lagging(self, looks: u32) -> Self {
        self.stale.lock().expect("lock").0 = looks;
        self
    }

    /// The changes as they began and ended, such as `+a` and `-a`.
    pub(crate) fn log(&self) -> Vec<String> {
        self.log.lock().expect("lock").clone()
    }

    /// Where something stands in the log.
    pub(crate) fn at(&self, entry: &str) -> usize {
        let log = self.log();
        log.iter().position(|known| known == entry).unwrap_or_else(|| panic!("no {entry} in {log:?}"))
    }

    pub(crate) fn tries(&self, name: &str) -> u32 {
        self.tries.lock().expect("lock").get(&id(name)).copied().unwrap_or_default()
    }

    /// The most changes that were under way at a time.
    pub(crate) fn most(&self) -> usize {
        self.most.load(Ordering::SeqCst)
    }

    fn question(&self) -> Result<()> {
        self.questions.fetch_add(1, Ordering::SeqCst);
        let fails = |left: u32| left.checked_sub(1);
        match self.unanswered.fetch_update(Ordering::SeqCst, Ordering::SeqCst, fails) {
            Ok(_) => Err(Error::new(ErrorKind::Throttled, "slow down")),
            Err(_) => Ok(()),
        }
    }
}

#[async_trait]
impl Backend for Fake {
    async fn observe(&self, _: &Desired) -> Result<Observed> {
        self.question()?;
        let mut stale = self.stale.lock().expect("lock");
        let begun = !self.log.lock().expect("lock").is_empty();
        let objects = if begun && stale.0 > 0 {
            stale.0 -= 1;
            stale.1.clone()
        } else {
            let world = self.world.lock().expect("lock").clone();
            if !begun {
                stale.1 = world.clone();
            }
            world
        };
        let unmakeable = self.unmakeable.iter().map(|(actions, objects, why)| Unmakeable {
            why: Error::new(ErrorKind::AccessDenied, *why),
            actions,
            objects: objects.iter().map(|name| id(name)).collect(),
            obstacle: if self.is_of_caller { Obstacle::Caller } else { Obstacle::Certain },
        });
        let (unmakeable, limits) = (unmakeable.collect(), self.limits.clone());
        let says = |found: &Found| {
            let [handoff, document, on] = ["handoff", "document", "on"].map(|key| found.attributes.text(key));
            let how = HowAsked::parse_texts(found.attributes.text("how")?.lines())?;
            Confirmed::parse(&handoff?, &document?, &on?, how)
        };
        let marks = objects.iter().filter(|(id, _)| id.name.starts_with(CONFIRMED));
        let confirmed = marks.map(|(id, found)| (id.clone(), says(found))).collect();
        let unique_ids = self.unique_ids.lock().expect("lock").clone();
        Ok(Observed { objects, unmakeable, limits, confirmed, unique_ids, ..Observed::default() })
    }

    async fn apply(&self, change: Approved<'_>) -> Result<Outcome> {
        let change = change.change();
        let try_number = {
            let mut tries = self.tries.lock().expect("lock");
            let tries = tries.entry(change.id.clone()).or_default();
            *tries += 1;
            *tries
        };
        self.log.lock().expect("lock").push(format!("+{}", change.id.name));
        let running = self.running.fetch_add(1, Ordering::SeqCst) + 1;
        self.most.fetch_max(running, Ordering::SeqCst);
        let step = (self.script)(change, try_number);
        if let Step::Make(time) | Step::Fail(_, time) = &step {
            tokio::time::sleep(*time).await;
        }
        self.running.fetch_sub(1, Ordering::SeqCst);
        self.log.lock().expect("lock").push(format!("-{}", change.id.name));
        if let Step::Fail(kind, _) = step {
            return Err(Error::new(kind, format!("try {try_number}")));
        }
        if let Step::Make(_) = step {
            let mut world = self.world.lock().expect("lock");
            match change.action {
                Action::Delete => drop(world.remove(&change.id)),
                _ => {
                    let attributes = change.after.clone().expect("attributes");
                    let depends_on = change.depends_on.clone();
                    world.insert(
                        change.id.clone(),
                        Found { attributes, owned: true, depends_on, if_deleted: None, touches: Vec::new() },
                    );
                }
            }
        }
        let remarks = if matches!(step, Step::Pretend) { vec![PRETENDED.to_owned()] } else { Vec::new() };
        Ok(Outcome { remarks, ..Outcome::default() })
    }

    fn requests(&self) -> Option<u64> {
        Some(self.questions.load(Ordering::SeqCst).into())
    }
}

#[async_trait]
impl Provider for Fake {
    async fn grant_task_access(&self, grants: &[Arc<Checked<TaskAccess>>]) -> Result<Permissions> {
        self.question()?;
        if let Some((name, kind)) = self.refusing
            && (self.is_refusing_always || grants.len() == 1)
            && grants.iter().any(|grant| grant.name.as_str() == name)
        {
            return Err(Error::new(kind, "can't be told"));
        }
        let is_asked = |intent: &IntentId| grants.iter().any(|grant| grant.id() == *intent);
        let mut objects = self.wanted.lock().expect("lock").clone();
        for object in objects.iter_mut().filter(|object| object.because.len() > 1) {
            object.because.retain(is_asked);
            object.attributes = for_grants(&object.because);
        }
        objects.retain(|object| object.because.iter().any(is_asked));
        Ok(Desired { objects, replaces: self.replaces.clone(), ..Desired::default() }.into())
    }

    fn confirmation(&self, confirmed: &Confirmed) -> Option<Object> {
        let Confirmed { document, on, .. } = confirmed;
        let how = confirmed.how.texts().join("\n");
        let attributes = json!({ "handoff": confirmed.handoff(), "document": document, "on": on, "how": how }).into();
        let object = object(&format!("{CONFIRMED}{}", confirmed.digits()), &[]);
        self.remembers.then_some(Object { attributes, ..object })
    }

    fn edited_confirmation(&self, mark: &ObjectId) -> Option<Object> {
        let attributes = json!({ "handoff": "edited" }).into();
        self.remembers.then(|| Object { id: mark.clone(), attributes, ..object("", &[]) })
    }

    fn hands_off(&self) -> HandsOff {
        if self.hands_off { HandsOff::EVERYTHING } else { HandsOff::NOTHING }
    }

    async fn enable_registry(&self, _: &[Checked<RegistryAccess>]) -> Result<Desired> {
        Ok(Desired::default())
    }

    async fn bind_scope(&self, _: &[Checked<ScopeBinding>], _: &Permissions) -> Result<Bound> {
        Ok(Bound::default())
    }
}

/// An engine that asks the fake for one global grant.
pub(crate) fn engine(fake: &Arc<Fake>, settings: Settings) -> Engine {
    let stack = Stack::parse("acme").expect("stack");
    Engine::new("fake", fake.clone(), flyte(), stack, granting(&["all"]), settings)
}

/// Global grants of nothing.
pub(crate) fn granting(names: &[&str]) -> Intents {
    reaching(names, &[])
}

/// Global grants of a store.
pub(crate) fn granting_stores(names: &[&str]) -> Intents {
    let resource = Resource {
        name: ResourceName::parse("store").expect("name"),
        kind: ResourceKind::OBJECT_STORE,
        locator: Locator::new("store://store", ()),
        force: false,
    };
    reaching(names, &[Reach { resource: Arc::new(resource), access: Access::Read }])
}

fn reaching(names: &[&str], reaches: &[Reach]) -> Intents {
    let grant = |name: &&str| {
        let grant = TaskAccess {
            name: GrantName::parse(*name).expect("name"),
            scope: Scope::Global,
            reaches: reaches.to_vec(),
            precise: false,
            carried_by: [Scope::Global].into(),
            beside_revoked: [].into(),
        };
        Arc::new(Fake::CAPABILITIES.check("fake", "grants[0]", &nobody(), grant).expect("allowed"))
    };
    Intents { grants: names.iter().map(grant).collect(), ..Intents::default() }
}

/// A platform without projects and domains, of which each pair would have a namespace of its own.
pub(crate) fn nobody() -> Tenancy {
    Tenancy {
        workloads: None,
        kind: "flyte".to_owned(),
        organization: String::new(),
        projects: Vec::new(),
        domains: Vec::new(),
        naming: Naming::default(),
    }
}

/// A platform that is told of nothing here.
pub(crate) fn flyte() -> Arc<dyn Platform> {
    let context = PlatformContext {
        tenancy: Arc::new(nobody()),
        stack: Stack::parse("acme").expect("a stack"),
        home: "home".to_owned(),
        is_cloud_in_sandbox: false,
        sandbox: None,
    };
    cloudgrant_core::platform("flyte").expect("linked in").connect(context, &json!({})).expect("no keys")
}

/// Plans and applies with the default patience.
pub(crate) async fn apply(fake: &Arc<Fake>) -> Report {
    apply_with(fake, Settings::default(), &Silent, &Cancel::default()).await
}

pub(crate) async fn apply_with(fake: &Arc<Fake>, settings: Settings, watch: &dyn Watch, cancel: &Cancel) -> Report {
    let engine = engine(fake, settings);
    let plan = engine.plan(&Silent).await.expect("a plan");
    engine.apply(plan.approve(Approval::InAdvance), watch, cancel).await.expect("a report")
}

/// The names of changes.
pub(crate) fn names<'a>(changes: impl IntoIterator<Item = &'a Change>) -> Vec<&'a str> {
    changes.into_iter().map(|change| change.id.name.as_str()).collect()
}

/// Calls a function for each event.
pub(crate) struct Listen<F>(pub(crate) F);

impl<F: Fn(Event<'_>) + Send + Sync> Watch for Listen<F> {
    fn event(&self, event: Event<'_>) {
        (self.0)(event);
    }
}
