//! Manifests of any size: four times as many grants take four times as much, and not much of anything for each.
//!
//! What is counted is memory that is asked for, which is the same in every run; time is not.

use std::fmt::Write as _;
use std::path::Path;
use std::sync::Arc;

use allocation_counter::{AllocationInfo, measure};
use async_trait::async_trait;
use cloudgrant_core::manifest::{Loaded, Overrides};
use cloudgrant_core::{
    Access, Approved, Backend, Bound, Capabilities, Checked, Connect, Context, Desired, Diagnostic, Engine, Error,
    ErrorKind, Intent, Locator, Object, ObjectId, Observed, Outcome, Permissions, Provider, RegisteredKind,
    Registration, RegistryAccess, ResourceKind, Result, ScopeBinding, ScopeKind, Settings, Silent, TaskAccess,
};
use cloudgrant_flyte as _;
use cloudgrant_union as _;
use rayon::ThreadPoolBuilder;
use serde::Deserialize;
use serde_json::json;

cloudgrant_core::register_provider!(Plain);

/// A cloud that has an object for each grant and each binding.
#[derive(Debug)]
struct Plain;

#[derive(Debug, Deserialize)]
struct Config {}

fn object(intent: &impl Intent, depends_on: Vec<ObjectId>) -> Object {
    Object {
        depends_on,
        ..Object::new(
            ObjectId::new("thing", intent.id().to_string()),
            intent.scope().clone(),
            vec![intent.id()],
            json!({ "reaches": intent.reaches().len() }),
        )
    }
}

#[async_trait]
impl Backend for Plain {
    async fn observe(&self, _: &Desired) -> Result<Observed> {
        Ok(Observed::default())
    }

    async fn apply(&self, _: Approved<'_>) -> Result<Outcome> {
        Err(Error::new(ErrorKind::Unsupported, "nothing is made here"))
    }
}

#[async_trait]
impl Provider for Plain {
    async fn grant_task_access(&self, grants: &[Arc<Checked<TaskAccess>>]) -> Result<Permissions> {
        let objects = grants.iter().map(|grant| object(&***grant, Vec::new())).collect();
        Ok(Desired { objects, ..Desired::default() }.into())
    }

    async fn enable_registry(&self, _: &[Checked<RegistryAccess>]) -> Result<Desired> {
        Ok(Desired::default())
    }

    async fn bind_scope(&self, bindings: &[Checked<ScopeBinding>], _: &Permissions) -> Result<Bound> {
        let needs = |binding: &ScopeBinding| {
            binding.grants.iter().map(|grant| ObjectId::new("thing", grant.id().to_string())).collect()
        };
        let objects = bindings.iter().map(|binding| object(&**binding, needs(binding))).collect();
        Ok(Desired { objects, ..Desired::default() }.into())
    }
}

#[async_trait]
impl Connect for Plain {
    const ID: &'static str = "plain";
    const SUMMARY: &'static str = "an object for each grant";
    const CAPABILITIES: Capabilities = Capabilities::none()
        .scopes(&ScopeKind::ALL, "")
        .kinds(&[RegisteredKind::new(ResourceKind::OBJECT_STORE, &[Access::Read, Access::Write])]);
    type Config = Config;

    fn parse_locator(text: &str) -> Result<(ResourceKind, Locator), Diagnostic> {
        Ok((ResourceKind::OBJECT_STORE, Locator::new(text, ())))
    }

    fn directs_credentials(_: &Config) -> Vec<Diagnostic> {
        Vec::new()
    }

    async fn connect(_: Context, _: Config) -> Result<Self> {
        Ok(Self)
    }
}

/// Fifty grants to each pair of a project and a domain, and resources that grow with them.
fn manifest(grants: usize, ending: &str) -> String {
    let pairs = grants / 50;
    let projects: Vec<_> = (0..pairs).map(|at| format!("p{at:04}")).collect();
    let scope = |at: usize| json!({ "project": projects[at / 50 % pairs], "domain": "d" });
    let grant = |at| json!({ "name": format!("g{at}"), "scope": scope(at), "access": { format!("r{at}"): "read" } });
    let all: Vec<_> = (0..grants).map(grant).collect();
    let resources: serde_json::Map<_, _> =
        (0..grants).map(|at| (format!("r{at}"), json!({ "plain": format!("store://{at}/") }))).collect();
    let platform = json!({ "kind": "flyte", "projects": projects, "domains": ["d"] });
    let mut text = String::new();
    match ending {
        "json" => {
            let whole = json!({
                "version": 1, "stack": "acme", "provider": "plain", "platform": platform, "resources": resources,
                "grants": all,
            });
            text = whole.to_string();
        }
        "toml" => {
            let inline = |value: serde_json::Value| value.to_string().replace("\":", "\"=");
            _ = writeln!(text, "version = 1\nstack = 'acme'\nprovider = 'plain'\nplatform = {}", inline(platform));
            _ = writeln!(text, "resources = {}\ngrants = {}", inline(resources.into()), inline(all.into()));
        }
        _ => {
            _ = writeln!(text, "version: 1\nstack: acme\nprovider: plain\nplatform: {platform}\nresources:");
            resources.iter().for_each(|(name, entry)| _ = writeln!(text, "  {name}: {entry}"));
            text.push_str("grants:\n");
            all.iter().for_each(|grant| _ = writeln!(text, "- {grant}"));
        }
    }
    text
}

fn load(text: &str, ending: &str) -> Result<Loaded> {
    Loaded::from_text(text, Path::new(&format!("m.{ending}")), &Overrides::default())
}

/// Both measured on the same thing, once with four times as much of it: lists that grow in steps make for some play.
fn grows_alike(what: &str, few: AllocationInfo, many: AllocationInfo) {
    let ratio = |few: u64, many: u64| many as f64 / few as f64;
    let (count, bytes) = (ratio(few.count_total, many.count_total), ratio(few.bytes_total, many.bytes_total));
    let peak = ratio(few.bytes_max, many.bytes_max);
    let told =
        format!("{what}: {count:.2} times as many allocations, {bytes:.2} times the bytes, {peak:.2} at the peak");
    assert!(count < 4.3 && bytes < 4.8 && peak < 4.8, "{told}\n{few:?}\n{many:?}");
}

const FEW: usize = 500;
const MANY: usize = 4 * FEW;

#[test]
fn reading_takes_a_few_bytes_for_each_of_the_file() {
    // TOML's parser makes a tree of the whole file, of its own.
    for (ending, most) in [("yaml", 12), ("json", 12), ("toml", 100)] {
        let read = |text: &str| measure(|| drop(load(text, ending).expect("a manifest")));
        let (few, many) = (manifest(FEW, ending), manifest(MANY, ending));
        let (by_few, by_many) = (read(&few), read(&many));
        grows_alike(ending, by_few, by_many);
        let each = by_many.bytes_max / many.len() as u64;
        assert!(each < most, "{ending}: {each} bytes of memory for each byte of the file");
    }
}

#[test]
fn refusing_takes_as_much_for_each_grant_however_many_there_are() {
    for ending in ["yaml", "json", "toml"] {
        let refuse = |grants: usize| {
            let text = manifest(grants, ending);
            // In the last grant but one.
            let at = text.rfind(&format!("g{}\"", grants - 2)).expect("the grant");
            let text = format!("{}{}", &text[..at], text[at..].replacen("access", "acess", 1));
            measure(|| {
                let error = load(&text, ending).expect_err("a misspelt key");
                assert!(
                    error.problems().iter().any(|problem| problem.path == format!("grants[{}].acess", grants - 2)),
                    "{error}"
                );
            })
        };
        // It is read thoroughly, which takes a debug build its time.
        grows_alike(ending, refuse(FEW / 2), refuse(MANY / 2));
    }
}

#[test]
fn asking_and_planning_take_as_much_for_each_grant_however_many_there_are() {
    // What is done on all cores is done on this thread alone: no other one's memory is counted.
    let alone = ThreadPoolBuilder::new().num_threads(1).use_current_thread().build().expect("this thread as a pool");
    assert_eq!(alone.current_thread_index(), Some(0));
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    let plan = |grants: usize| {
        let loaded = load(&manifest(grants, "json"), "json").expect("a manifest");
        let registration = Registration::of::<Plain>();
        let mut intents = None;
        let asking = measure(|| intents = Some(cloudgrant_core::intents(&loaded.manifest, &registration)));
        let (intents, problems) = intents.expect("intents");
        assert!(problems.is_empty() && intents.grants.len() == grants, "{problems:?}");
        let Context { stack, platform } = loaded.context().expect("a platform");
        let engine = Engine::new("plain", Arc::new(Plain), platform, stack, intents, Settings::default());
        let planning = measure(|| {
            let plan = runtime.block_on(engine.plan(&Silent)).expect("a plan");
            assert_eq!(plan.changes.len(), grants + grants / 50);
        });
        (asking, planning)
    };
    let (few, many) = (plan(FEW), plan(MANY));
    assert!(many.0.count_total > 4 * MANY as u64, "the grants themselves aren't counted: {:?}", many.0);
    grows_alike("asking", few.0, many.0);
    grows_alike("planning", few.1, many.1);
}

/// Of a layer on top that says something of the provider alone, nothing has to be read again.
#[test]
fn a_layer_on_top_takes_nothing_for_the_grants() {
    let overlay = |grants: usize| {
        let loaded = load(&manifest(grants, "json"), "json").expect("a manifest");
        measure(|| drop(loaded.overlaid(&json!({ "plain": {} }), "more").expect("a manifest")))
    };
    let (few, many) = (overlay(FEW), overlay(MANY));
    // The platform's projects are a part of what is read again.
    assert!(many.bytes_total - few.bytes_total < (MANY - FEW) as u64 * 40, "{few:?}\n{many:?}");
}
