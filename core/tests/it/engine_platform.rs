//! A platform that cloudgrant tells by itself: its objects stand in one plan with the cloud's, and get what the cloud chose in
//! the same run.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use cloudgrant_core::{
    Action, Annotation, Approval, Approved, Attributes, Backend, Bound, Cancel, Checked, Connect, DeliveryFile,
    Desired, Domain, Engine, Error, ErrorKind, ExecutePermission, Found, FoundStack, Identifier, Identity, IntentId,
    Intents, Naming, Object, ObjectId, Observed, Outcome, Pair, Permissions, Plan, Platform, PlatformPlace, Principal,
    Project, Provider, Reference, RegistryAccess, Report, Result, Scope, ScopeBinding, Settings, Silent, Stack, Stacks,
    TaskAccess, Tenancy, Widened, Widening,
};
use serde_json::json;

use crate::fake::{Fake, granting};

const CLIENT_ID: &str = "clientId";
const ISSUER: &str = "https://oidc.example/one";

fn identity() -> ObjectId {
    ObjectId::new("identity", "tasks")
}

fn account() -> ObjectId {
    ObjectId::new("account", "vision-production/default")
}

fn production() -> Scope {
    Scope::Domain { domain: Domain::parse("production").expect("a domain") }
}

fn object(id: ObjectId) -> Object {
    Object::new(id, production(), vec![IntentId::Binding(production())], json!({}))
}

/// What there is, and in which order it came and went.
#[derive(Debug, Default)]
struct World {
    there: Mutex<BTreeMap<ObjectId, Found>>,
    log: Mutex<Vec<String>>,
    /// What can't be changed, and why.
    refuses: Mutex<Option<(ObjectId, ErrorKind)>>,
    /// Where the run reaches.
    reached: Mutex<Option<String>>,
    /// What the platform was last asked about: the account, and the clusters.
    asked_about: Mutex<(Option<Attributes>, BTreeSet<String>)>,
}

impl World {
    fn seen(&self, kinds: &[&str]) -> Observed {
        let there = self.there.lock().expect("lock").clone();
        let objects = there.into_iter().filter(|(id, _)| kinds.contains(&id.kind)).collect();
        Observed { objects, ..Observed::default() }
    }

    fn change(&self, change: Approved<'_>) -> Result<()> {
        let change = change.change();
        assert!(change.known_after_apply.is_empty(), "{change:?}");
        if let Some((id, kind)) = &*self.refuses.lock().expect("lock")
            && *id == change.id
        {
            return Err(Error::new(*kind, "no"));
        }
        let sign = if change.action == Action::Delete { '-' } else { '+' };
        self.log.lock().expect("lock").push(format!("{sign}{}", change.id.kind));
        let mut there = self.there.lock().expect("lock");
        match change.after.clone() {
            None => drop(there.remove(&change.id)),
            Some(attributes) => {
                let found =
                    Found { attributes, owned: true, depends_on: Vec::new(), if_deleted: None, touches: Vec::new() };
                there.insert(change.id.clone(), found);
            }
        }
        Ok(())
    }

    fn log(&self) -> Vec<String> {
        std::mem::take(&mut *self.log.lock().expect("lock"))
    }
}

#[derive(Debug)]
struct Cloud {
    world: Arc<World>,
    /// Of which kind its principals are.
    kind: &'static str,
    says_the_output: bool,
    /// Why nobody can say what should be there.
    cannot_say: Option<ErrorKind>,
    /// Whether it tells what others added.
    tells_widened: bool,
}

impl Cloud {
    fn outputs(&self) -> BTreeMap<&'static str, String> {
        BTreeMap::from_iter(self.says_the_output.then(|| (CLIENT_ID, "client-1".to_owned())))
    }
}

#[async_trait]
impl Backend for Cloud {
    async fn observe(&self, _: &Desired) -> Result<Observed> {
        let mut observed = self.world.seen(&["identity", "other", "mark"]);
        let marks: Vec<_> = observed.objects.keys().filter(|id| id.kind == "mark").cloned().collect();
        observed.platform_places.extend(marks.into_iter().map(|id| (id.clone(), id.name)));
        if observed.objects.contains_key(&identity()) {
            observed.outputs.insert(identity(), self.outputs());
        }
        Ok(observed)
    }

    async fn apply(&self, change: Approved<'_>) -> Result<Outcome> {
        self.world.change(change)?;
        let outputs = if change.change().id == identity() { self.outputs() } else { BTreeMap::new() };
        Ok(Outcome { outputs, ..Outcome::default() })
    }
}

#[async_trait]
impl Provider for Cloud {
    async fn grant_task_access(&self, _: &[Arc<Checked<TaskAccess>>]) -> Result<Permissions> {
        Ok(Permissions::default())
    }

    async fn enable_registry(&self, _: &[Checked<RegistryAccess>]) -> Result<Desired> {
        Ok(Desired::default())
    }

    fn platform_place(&self, place: &str, scope: &Scope, because: Vec<IntentId>) -> Option<Object> {
        Some(Object { scope: scope.clone(), because, ..object(ObjectId::new("mark", place)) })
    }

    async fn stacks(&self) -> Result<Stacks> {
        let there = self.world.there.lock().expect("lock").clone();
        let marks = there.keys().filter(|id| id.kind == "mark").map(|id| id.name.clone());
        let one = FoundStack {
            name: Stack::parse("acme").expect("a stack"),
            home: "home".to_owned(),
            is_this: true,
            objects: there.keys().cloned().collect(),
            elsewhere: BTreeSet::new(),
            platform_places: marks.collect(),
            settings: None,
            fill_in: BTreeMap::new(),
            platform_settings: BTreeMap::new(),
        };
        Ok(Stacks { found: vec![one], unsearched: Vec::new() })
    }

    async fn widened(&self, _: &Intents) -> Result<Option<Widened>> {
        let (what, remedy) = ("has admin rights".to_owned(), "take them away".to_owned());
        let one = Widening { object: identity(), what, remedy };
        Ok(self.tells_widened.then(|| Widened { widened: vec![one.clone(), one], unsearched: Vec::new() }))
    }

    async fn bind_scope(&self, bindings: &[Checked<ScopeBinding>], _: &Permissions) -> Result<Bound> {
        let mut bound = Bound::default();
        if let (Some(kind), false) = (self.cannot_say, bindings.is_empty()) {
            return Err(Error::new(kind, "what it is for is gone"));
        }
        for binding in bindings {
            let id = ObjectId::new(self.kind, identity().name);
            bound.desired.objects.push(object(id.clone()));
            bound.desired.objects.push(object(ObjectId::new("other", "assignment")));
            let value = Identifier::Chosen { object: id.clone(), output: CLIENT_ID, command: "show".to_owned() };
            bound.principals.push(Principal {
                scope: binding.scope.clone(),
                because: vec![IntentId::Binding(binding.scope.clone())],
                serves: binding.subjects.clone(),
                depends_on: vec![id],
                identity: Identity::Known {
                    name: "tasks".to_owned(),
                    annotation: Annotation { key: "client-id", value, pod_label: None },
                    issuers: vec![ISSUER.to_owned()],
                },
            });
        }
        Ok(bound)
    }
}

#[derive(Debug)]
struct Cluster(Arc<World>);

#[async_trait]
impl Backend for Cluster {
    async fn observe(&self, desired: &Desired) -> Result<Observed> {
        assert!(desired.objects.iter().all(|object| object.id.kind == "account"), "{desired:?}");
        let account = desired.objects.first().map(|object| object.attributes.clone());
        *self.0.asked_about.lock().expect("lock") = (account, desired.issuers.clone());
        Ok(self.0.seen(&["account"]))
    }

    async fn apply(&self, change: Approved<'_>) -> Result<Outcome> {
        self.0.change(change)?;
        Ok(Outcome::default())
    }

    async fn reached(&self) -> Result<Vec<PlatformPlace>> {
        let name = self.0.reached.lock().expect("lock").clone();
        Ok(name.into_iter().map(|name| PlatformPlace { name, kinds: &["account"] }).collect())
    }
}

#[derive(Debug)]
struct Pods {
    tenancy: Tenancy,
    cluster: Option<Cluster>,
    kind: &'static str,
    /// The paths of its files.
    files: Vec<&'static str>,
}

impl Platform for Pods {
    fn name(&self) -> &'static str {
        "Pods"
    }

    fn tenancy(&self) -> &Tenancy {
        &self.tenancy
    }

    fn deliver(&self, principals: &[Principal]) -> Result<Desired> {
        let told = |principal: &Principal| {
            let Identity::Known { annotation, .. } = &principal.identity else { panic!("{principal:?}") };
            let (value, references) = match &annotation.value {
                Identifier::Known(value) => (json!(value), Vec::new()),
                Identifier::Chosen { object, output, .. } => {
                    let pointer = "/annotations/client-id".to_owned();
                    (json!(null), vec![Reference { pointer, object: object.clone(), output }])
                }
            };
            let attributes = json!({ "annotations": { "client-id": value } }).into();
            let because = principal.because.clone();
            Object { attributes, references, because, ..object(ObjectId { kind: self.kind, ..account() }) }
        };
        Ok(Desired { objects: principals.iter().map(told).collect(), ..Desired::default() })
    }

    fn kinds(&self) -> &'static [&'static str] {
        &["account"]
    }

    fn backend(&self) -> Option<&dyn Backend> {
        self.cluster.as_ref().map(|cluster| cluster as _)
    }

    fn files(&self, _: &[Principal]) -> Vec<DeliveryFile> {
        let file =
            |path: &&str| DeliveryFile { path: (*path).to_owned(), purpose: String::new(), content: String::new() };
        self.files.iter().map(file).collect()
    }

    fn unbinding(&self, _: &[String]) -> String {
        String::new()
    }

    fn execute_permission(&self) -> ExecutePermission {
        ExecutePermission { action: None, summary: String::new() }
    }
}

struct Setting {
    world: Arc<World>,
    kind_of_principals: &'static str,
    kind_on_platform: &'static str,
    has_backend: bool,
    says_the_output: bool,
    cannot_say: Option<ErrorKind>,
    tells_widened: bool,
    files: Vec<&'static str>,
}

impl Default for Setting {
    fn default() -> Self {
        Self {
            world: Arc::default(),
            kind_of_principals: "identity",
            kind_on_platform: "account",
            has_backend: true,
            says_the_output: true,
            cannot_say: None,
            tells_widened: false,
            files: Vec::new(),
        }
    }
}

impl Setting {
    /// The domain, whose only pair is bound.
    fn pair() -> Pair {
        Pair {
            project: Project::parse("vision").expect("a project"),
            domain: Domain::parse("production").expect("a domain"),
        }
    }

    fn tenancy() -> Tenancy {
        let pair = Self::pair();
        Tenancy {
            workloads: None,
            kind: "pods".to_owned(),
            organization: String::new(),
            projects: vec![pair.project],
            domains: vec![pair.domain],
            naming: Naming::default(),
        }
    }

    /// With the domain bound, or with nothing asked for.
    fn intents(bound: bool) -> Intents {
        let pair = Self::pair();
        let binding = ScopeBinding {
            scope: production(),
            subjects: vec![(pair.clone(), Naming::default().subject(&pair))],
            grants: Vec::new(),
            served_elsewhere: Vec::new(),
        };
        let binding = Fake::CAPABILITIES.check("cloud", "grants[0]", &Self::tenancy(), binding).expect("allowed");
        Intents { bindings: Vec::from_iter(bound.then_some(binding)), ..Intents::default() }
    }

    /// With the domain bound as a grant has it.
    fn granted() -> Intents {
        let (grants, mut intents) = (granting(&["inputs"]).grants, Self::intents(false));
        for binding in Self::intents(true).bindings {
            let binding = ScopeBinding { grants: grants.clone(), ..ScopeBinding::clone(&binding) };
            intents
                .bindings
                .push(Fake::CAPABILITIES.check("cloud", "grants[0]", &Self::tenancy(), binding).expect("allowed"));
        }
        Intents { grants, ..intents }
    }

    fn engine(&self, bound: bool) -> Engine {
        let intents = Self::intents(bound);
        let cloud = Cloud {
            world: self.world.clone(),
            kind: self.kind_of_principals,
            says_the_output: self.says_the_output,
            cannot_say: self.cannot_say,
            tells_widened: self.tells_widened,
        };
        let cluster = self.has_backend.then(|| Cluster(self.world.clone()));
        let pods = Pods { tenancy: Self::tenancy(), cluster, kind: self.kind_on_platform, files: self.files.clone() };
        let stack = Stack::parse("acme").expect("a stack");
        Engine::new("cloud", Arc::new(cloud), Arc::new(pods), stack, intents, Settings::default())
    }

    async fn plan(&self, bound: bool) -> Result<Plan> {
        self.engine(bound).plan(&Silent).await
    }

    async fn apply(&self, bound: bool) -> Report {
        let engine = self.engine(bound);
        let plan = engine.plan(&Silent).await.expect("a plan");
        engine.apply(plan.approve(Approval::InAdvance), &Silent, &Cancel::default()).await.expect("a report")
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_cloud_chooses_reaches_the_platform_in_the_same_run() {
    let setting = Setting::default();
    let plan = setting.plan(true).await.expect("a plan");
    let told = plan.changes.iter().find(|change| change.id == account()).expect("the account");
    let [unknown] = told.known_after_apply.as_slice() else { panic!("{told:?}") };
    assert_eq!((&unknown.object, unknown.output), (&identity(), CLIENT_ID));
    assert_eq!(told.after, Some(json!({ "annotations": { "client-id": null } }).into()));
    let [_, after] = told.trees();
    let shown = after.expect("a tree")["annotations"]["client-id"].clone();
    assert_eq!(shown, "(known after apply: clientId of identity tasks)");

    let report = setting.apply(true).await;
    assert!(report.is_complete() && report.unverified.is_empty(), "{report:?}");
    let there = setting.world.there.lock().expect("lock")[&account()].clone();
    assert_eq!(there.attributes, json!({ "annotations": { "client-id": "client-1" } }).into());
    // The report says what was made.
    let made = report.applied.iter().find(|applied| applied.change.id == account()).expect("the account");
    assert_eq!(made.change.after, Some(there.attributes));
    assert!(setting.plan(true).await.expect("a plan").is_empty());
}

/// So that what is in the way of it is known before anything is done.
#[tokio::test(start_paused = true)]
async fn the_platform_is_asked_about_what_the_cloud_has_chosen_by_then() {
    let setting = Setting::default();
    let asked_about = |setting: &Setting| setting.world.asked_about.lock().expect("lock").clone();
    setting.plan(true).await.expect("a plan");
    let unknown = json!({ "annotations": { "client-id": null } }).into();
    assert_eq!(asked_about(&setting), (Some(unknown), BTreeSet::from([ISSUER.to_owned()])));
    setting.apply(true).await;
    setting.plan(true).await.expect("a plan");
    assert_eq!(asked_about(&setting).0, Some(json!({ "annotations": { "client-id": "client-1" } }).into()));
}

#[tokio::test(start_paused = true)]
async fn whoever_takes_everything_away_knows_the_clusters_of_what_the_manifest_names() {
    let setting = Setting::default();
    setting.apply(true).await;
    let engine = setting.engine(false).searching_everywhere(Setting::intents(true));
    engine.plan(&Silent).await.expect("a plan");
    let (account, issuers) = setting.world.asked_about.lock().expect("lock").clone();
    assert_eq!((account, issuers), (None, BTreeSet::from([ISSUER.to_owned()])));
}

#[tokio::test(start_paused = true)]
async fn the_platform_is_told_after_a_principal_came_and_before_it_goes() {
    let setting = Setting::default();
    setting.apply(true).await;
    let log = setting.world.log();
    let at = |entry: &str| log.iter().position(|known| known == entry);
    assert!(at("+identity") < at("+account") && at("+account").is_some(), "{log:?}");
    setting.apply(false).await;
    let log = setting.world.log();
    assert_eq!((log[0].as_str(), log.len()), ("-account", 3), "{log:?}");
    assert!(setting.world.there.lock().expect("lock").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_principal_stays_while_the_platform_still_names_it() {
    let setting = Setting::default();
    setting.apply(true).await;
    setting.world.log();
    *setting.world.refuses.lock().expect("lock") = Some((account(), ErrorKind::AccessDenied));
    let report = setting.apply(false).await;
    assert_eq!((report.failed.len(), report.remaining.len()), (1, 2), "{report:?}");
    assert_eq!(setting.world.log(), [""; 0]);
}

/// As when somebody has put another value there.
#[tokio::test(start_paused = true)]
async fn an_edit_on_the_platform_is_drift_that_is_put_back() {
    let setting = Setting::default();
    setting.apply(true).await;
    let edited = json!({ "annotations": { "client-id": "somebody-s" } }).into();
    setting.world.there.lock().expect("lock").get_mut(&account()).expect("the account").attributes = edited;
    let plan = setting.plan(true).await.expect("a plan");
    let [change] = plan.changes.as_slice() else { panic!("{plan:?}") };
    assert_eq!((change.action, &change.id, change.known_after_apply.len()), (Action::Update, &account(), 0));
    setting.apply(true).await;
    assert!(setting.plan(true).await.expect("a plan").is_empty());
}

#[tokio::test(start_paused = true)]
async fn a_platform_that_lets_nobody_in_keeps_nothing_in_the_cloud_from_being_made() {
    let setting = Setting::default();
    *setting.world.refuses.lock().expect("lock") = Some((account(), ErrorKind::Credentials));
    let report = setting.apply(true).await;
    assert_eq!(report.applied.len(), 2, "{report:?}");
    assert_eq!(report.failed.iter().map(|failed| &failed.change.id).collect::<Vec<_>>(), [&account()]);
}

#[tokio::test(start_paused = true)]
async fn what_the_cloud_was_to_choose_and_did_not_is_told() {
    let setting = Setting { says_the_output: false, ..Setting::default() };
    let report = setting.apply(true).await;
    let [failed] = report.failed.as_slice() else { panic!("{report:?}") };
    assert_eq!(failed.change.id, account());
    assert!(failed.error.to_string().contains("identity tasks was made without its clientId"), "{}", failed.error);
    assert!(!setting.world.there.lock().expect("lock").contains_key(&account()));
}

#[tokio::test(start_paused = true)]
async fn each_kind_belongs_to_the_cloud_or_to_the_platform() {
    for (setting, says) in [
        (Setting { kind_of_principals: "account", ..Setting::default() }, "is of a kind of the platform's"),
        (Setting { kind_on_platform: "identity", ..Setting::default() }, "is of a kind that isn't its own"),
        (Setting { has_backend: false, ..Setting::default() }, "it has no backend"),
    ] {
        let error = setting.plan(true).await.expect_err("a breach of the contract");
        assert!(error.to_string().contains(says), "{error}");
    }
}

/// As for a secret that is gone: whether what is there should be there isn't known, so that nothing is said of it.
#[tokio::test(start_paused = true)]
async fn who_only_looks_where_nobody_can_say_what_should_be_there_is_told_why() {
    let setting = Setting::default();
    setting.apply(true).await;
    let setting = Setting { cannot_say: Some(ErrorKind::NotFound), world: setting.world, ..Setting::default() };
    let error = setting.plan(true).await.expect_err("an apply is refused");
    assert_eq!(error.kind(), ErrorKind::NotFound);
    let looked = setting.engine(true).only_looking().plan(&Silent).await.expect("a look");
    let refusal = looked.refusal.as_ref().expect("the reason").error();
    assert_eq!((refusal.kind(), refusal.message()), (ErrorKind::NotFound, "what it is for is gone"));
    assert!(looked.changes.is_empty() && looked.stays.is_empty() && looked.widened.is_empty(), "{looked:?}");
    let [said] = looked.notes.as_slice() else { panic!("{looked:?}") };
    assert!(said.message.contains("couldn't be held against the manifest"), "{said:?}");
    assert_eq!(setting.world.there.lock().expect("lock").len(), 3, "nothing was changed");
    // Where the provider doesn't tell what others added, nothing more is known.
    let setting = Setting { cannot_say: Some(ErrorKind::AccessDenied), world: setting.world, ..Setting::default() };
    let error = setting.engine(true).only_looking().plan(&Silent).await.expect_err("nobody may look");
    assert_eq!(error.kind(), ErrorKind::AccessDenied);
}

/// Nor does whoever adds something hide it by that, whatever fails: it may be the platform, and not the cloud.
#[tokio::test(start_paused = true)]
async fn what_others_added_is_told_where_nobody_can_say_what_should_be_there() {
    let kinds = [
        ErrorKind::NotFound,
        ErrorKind::Manifest,
        ErrorKind::AccessDenied,
        ErrorKind::Unreachable,
        ErrorKind::Credentials,
        ErrorKind::WrongAccount,
    ];
    for kind in kinds.into_iter().chain([ErrorKind::ProviderBug]) {
        let setting = Setting { cannot_say: Some(kind), tells_widened: true, ..Setting::default() };
        let looked = setting.engine(true).only_looking().plan(&Silent).await;
        if !kinds.contains(&kind) {
            assert_eq!(looked.expect_err("a bug is told").kind(), kind);
            continue;
        }
        let looked = looked.expect("a look");
        let told: Vec<_> = looked.widened.iter().map(|one| one.what.as_str()).collect();
        assert_eq!(told, ["has admin rights"], "{kind:?}: once");
        assert!(looked.has_drift() && looked.changes.is_empty() && !looked.is_compared, "{kind:?}: {looked:?}");
        assert_eq!(looked.refusal.map(|refusal| refusal.error().kind()), Some(kind));
        // Who is to change something is refused as before.
        assert_eq!(setting.plan(true).await.expect_err("refused").kind(), kind);
    }
}

#[test]
fn a_platform_s_files_stay_below_their_folder_and_apart() {
    let files =
        |files: &[&'static str]| Setting { files: files.to_vec(), ..Setting::default() }.engine(true).files(&[]);
    let fine = ["a.yaml", "b/a.yaml", "b/..a/.b.yaml"];
    assert_eq!(files(&fine).expect("files").len(), fine.len());
    for bad in ["", "/a", "../a", "b/../../a", "b/..", "./a", "b//a", "b/", "..\\a", "C:\\a"] {
        let error = files(&["a.yaml", bad]).expect_err(bad);
        assert_eq!(error.kind(), ErrorKind::ProviderBug, "{bad}: {error}");
        assert!(error.to_string().contains("isn't one of its own below the folder"), "{bad}: {error}");
    }
    assert!(files(&["b/a.yaml", "a.yaml", "b/a.yaml"]).is_err(), "two of one path");
}

/// The mark of a place comes before what is written there and goes after it, and stays where nobody looked.
#[tokio::test(start_paused = true)]
async fn a_place_is_marked_for_as_long_as_something_may_be_there() {
    let setting = Setting::default();
    let reach = |place: &str| *setting.world.reached.lock().expect("lock") = Some(place.to_owned());
    let marks = |setting: &Setting| {
        let there = setting.world.there.lock().expect("lock");
        there.keys().filter(|id| id.kind == "mark").map(|id| id.name.clone()).collect::<Vec<_>>()
    };
    reach("blue");
    assert!(setting.apply(true).await.is_complete());
    let log = setting.world.log();
    let at = |sign: &str| log.iter().position(|one| one == sign);
    assert!(at("+mark").is_some() && at("+mark") < at("+account"), "{log:?}");
    assert!(setting.plan(true).await.expect("a plan").is_empty());
    // Another place is reached: it gets a mark of its own, and the first is told.
    reach("green");
    let plan = setting.plan(true).await.expect("a plan");
    assert_eq!(plan.unsearched.iter().map(|one| one.place.as_str()).collect::<Vec<_>>(), ["blue"]);
    assert!(setting.apply(true).await.is_complete());
    assert_eq!(marks(&setting), ["blue", "green"]);
    setting.world.log();
    // All goes but the mark of what nobody looked at.
    assert!(setting.apply(false).await.is_complete());
    let log = setting.world.log();
    let at = |sign: &str| log.iter().position(|one| one == sign);
    assert!(at("-mark").is_some() && at("-account") < at("-mark"), "{log:?}");
    assert_eq!(marks(&setting), ["blue"]);
    let stacks = setting.engine(false).stacks(&Silent).await.expect("stacks");
    assert_eq!(stacks.unsearched.iter().map(|one| one.place.as_str()).collect::<Vec<_>>(), ["blue"]);
    assert!(stacks.found[0].elsewhere.contains("blue"), "{stacks:?}");
    reach("blue");
    assert_eq!(setting.engine(false).stacks(&Silent).await.expect("stacks").unsearched, []);
    assert!(setting.apply(false).await.is_complete() && marks(&setting).is_empty());
}

/// What was told at a place that isn't reached names a principal that goes: it isn't all taken away.
#[tokio::test(start_paused = true)]
async fn a_place_that_is_not_reached_is_told_where_a_binding_is_taken_away() {
    for (reached, is_told) in [("blue", false), ("green", true)] {
        let setting = Setting::default();
        let reach = |place: &str| *setting.world.reached.lock().expect("lock") = Some(place.to_owned());
        reach("blue");
        assert!(setting.apply(true).await.is_complete());
        reach(reached);
        let revoke = async |bound: bool| {
            let engine = setting.engine(bound).taking_away_from(Setting::granted());
            engine.plan(&Silent).await.expect("a plan")
        };
        let plan = revoke(false).await;
        let told: Vec<_> = plan.unsearched_for.keys().map(String::as_str).collect();
        assert_eq!(told, if is_told { vec!["blue"] } else { vec![] }, "{reached}");
        assert!(plan.changes.iter().any(|change| change.id == identity()), "{reached}: the principal goes");
        assert_eq!(plan.changes.iter().any(|change| change.id.kind == "mark"), !is_told, "{reached}: {plan:?}");
        // Where its principal stays, what it is called there stays right.
        let plan = revoke(true).await;
        assert!(plan.unsearched_for.is_empty() && plan.unsearched.is_empty() != is_told, "{reached}: {plan:?}");
    }
}

/// A mark can be anybody's who may write to the cloud. It is told, and leads nowhere: what is asked, and with what, is the same with
/// it as without.
#[tokio::test(start_paused = true)]
async fn a_forged_mark_leads_nowhere() {
    let setting = Setting::default();
    *setting.world.reached.lock().expect("lock") = Some("ours".to_owned());
    assert!(setting.apply(true).await.is_complete());
    setting.plan(true).await.expect("a plan");
    let before = setting.world.asked_about.lock().expect("lock").clone();
    let found = Found {
        attributes: json!({}).into(),
        owned: true,
        depends_on: Vec::new(),
        if_deleted: None,
        touches: Vec::new(),
    };
    let forged = ObjectId::new("mark", "deployment https://evil.example");
    setting.world.there.lock().expect("lock").insert(forged.clone(), found);
    let plan = setting.plan(true).await.expect("a plan");
    assert_eq!(*setting.world.asked_about.lock().expect("lock"), before);
    assert!(plan.is_empty() && plan.unsearched.iter().any(|one| one.place == forged.name), "{plan:?}");
    // Without a way there, too, nobody is asked.
    let none = Setting { has_backend: false, world: setting.world.clone(), ..Setting::default() };
    let stacks = none.engine(false).stacks(&Silent).await.expect("stacks");
    let told: Vec<_> = stacks.unsearched.iter().map(|one| one.place.as_str()).collect();
    assert_eq!(told, [forged.name.as_str(), "ours"]);
}
