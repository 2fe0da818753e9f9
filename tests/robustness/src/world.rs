//! A sandbox in this process, and sessions that talk to it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use cloudgrant_core::manifest::{Loaded, Overrides};
use cloudgrant_core::{Approval, Cancel, Engine, Plan, Report, Result, Session, Settings, Silent};
use cloudgrant_sandbox_kit::{Running, Start, registry};
use serde_json::Value;

use crate::cloud::{Cloud, Doing, State};
use crate::http;

/// A sandbox in this process.
#[derive(Debug)]
pub struct World {
    cloud: &'static dyn Cloud,
    folder: tempfile::TempDir,
    running: Running,
}

/// Waits little, as the sandbox is near.
pub fn settings() -> Settings {
    Settings {
        patience: Duration::from_secs(20),
        settle: Duration::from_secs(10),
        first_wait: Duration::from_millis(15),
        longest_wait: Duration::from_millis(150),
        ..Settings::default()
    }
}

/// A manifest's tree, for a sandbox that seeds what it takes for granted.
///
/// # Panics
/// The manifest is wrong.
pub fn tree(manifest: &str) -> Value {
    load(manifest, Vec::new()).value()
}

fn load(manifest: &str, flags: Vec<(String, Value, String)>) -> Loaded {
    let overrides = Overrides { flags, ..Overrides::default() };
    Loaded::from_text(manifest, Path::new("cloudgrant.yaml"), &overrides).unwrap_or_else(|error| panic!("{error:?}"))
}

/// The sandbox's settings as flags.
fn flat(path: &str, value: &Value, flags: &mut Vec<(String, Value)>) {
    match value {
        Value::Object(map) => {
            for (key, value) in map {
                let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
                flat(&path, value, flags);
            }
        }
        other => flags.push((path.to_owned(), other.clone())),
    }
}

impl World {
    /// A new sandbox, from what lies in a folder or from nothing.
    ///
    /// # Panics
    /// It doesn't start.
    pub async fn start(cloud: &'static dyn Cloud, template: Option<&Path>) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        if let Some(template) = template {
            copy(template, folder.path());
        }
        Self::start_in(folder, cloud, &cloud.manifests().first).await
    }

    /// A new sandbox, seeded for a manifest of its own.
    ///
    /// # Panics
    /// It doesn't start.
    pub async fn start_for(cloud: &'static dyn Cloud, manifest: &str) -> Self {
        Self::start_in(tempfile::tempdir().expect("a folder"), cloud, manifest).await
    }

    async fn start_in(folder: tempfile::TempDir, cloud: &'static dyn Cloud, manifest: &str) -> Self {
        let config = tree(manifest);
        let start = Start::new(folder.path()).config(config);
        let running = registry::start(cloud.id(), start).await.expect("the sandbox starts");
        Self { cloud, folder, running }
    }

    /// Where it listens.
    pub fn endpoint(&self) -> &str {
        self.running.endpoint()
    }

    /// Turns the knobs.
    pub async fn turn(&self, knobs: &str) {
        self.ask("POST", "/_sandbox/knobs", knobs).await;
    }

    /// Asks a management endpoint.
    pub async fn ask(&self, method: &str, path: &str, body: &str) -> String {
        http::ask(self.endpoint(), method, path, body).await
    }

    /// The requests so far.
    ///
    /// # Panics
    /// The log can't be read.
    pub async fn log(&self) -> Vec<Value> {
        serde_json::from_str(&self.ask("GET", "/_sandbox/log", "").await).expect("the log is JSON")
    }

    /// The provider, connected anew.
    pub async fn session(&self, manifest: &str, settings: Settings, more: Vec<(String, Value)>) -> Session {
        let mut flags = more;
        flat("", self.running.settings(), &mut flags);
        let flags = flags.into_iter().map(|(key, value)| (key, value, "the test".to_owned())).collect();
        Session::open(load(manifest, flags), settings).await.unwrap_or_else(|error| panic!("{error:?}"))
    }

    /// The engine for what is to be done.
    ///
    /// # Panics
    /// The manifest is wrong.
    pub async fn engine(&self, doing: Doing, settings: Settings, more: Vec<(String, Value)>) -> Engine {
        let manifests = self.cloud.manifests();
        let manifest = if doing == Doing::Change { manifests.second } else { manifests.first };
        let session = self.session(&manifest, settings, more).await;
        match doing {
            Doing::Revoke => session.engine_without(None).expect("all of it"),
            Doing::Apply | Doing::Change => session.engine(),
        }
    }

    /// Plans and applies with an engine.
    ///
    /// # Errors
    /// The engine's.
    pub async fn run(engine: &Engine) -> Result<(Plan, Report)> {
        let plan = engine.plan(&Silent).await?;
        let report = engine.apply(plan.clone().approve(Approval::InAdvance), &Silent, &Cancel::default()).await?;
        Ok((plan, report))
    }

    /// Runs, and expects success.
    ///
    /// # Panics
    /// There is none.
    pub async fn converge(engine: &Engine) -> Report {
        let (_, report) = Self::run(engine).await.unwrap_or_else(|error| panic!("{error:?}"));
        assert!(report.is_success(), "{report:#?}");
        report
    }

    /// What is in the cloud now.
    pub fn state(&self) -> State {
        state(self.cloud, self.folder.path())
    }

    /// Stops the sandbox and keeps its folder.
    pub async fn stop(self) -> tempfile::TempDir {
        self.running.stop().await;
        self.folder
    }
}

/// What lies in a sandbox's folder.
///
/// # Panics
/// A file can't be read.
pub fn state(cloud: &dyn Cloud, folder: &Path) -> State {
    cloud.canonical(files(folder))
}

/// The files that a sandbox keeps, by their names in its folder.
pub(crate) fn files(folder: &Path) -> Vec<(String, Value)> {
    let mut files = Vec::new();
    walk(folder, &mut |path| {
        let name = path.strip_prefix(folder).unwrap_or(path).display().to_string();
        // An entity may go while the folder is read; one that is there is whole.
        if let Ok(text) = std::fs::read_to_string(path)
            && name.ends_with(".json")
        {
            files.push((name, serde_json::from_str(&text).expect("the sandbox writes JSON")));
        }
    });
    files.sort_by(|a, b| a.0.cmp(&b.0));
    files
}

/// Copies a folder that no sandbox uses.
///
/// # Panics
/// A file can't be copied.
pub fn copy(from: &Path, to: &Path) {
    walk(from, &mut |path| {
        let target: PathBuf = to.join(path.strip_prefix(from).expect("below"));
        std::fs::create_dir_all(target.parent().expect("a parent")).expect("a folder");
        std::fs::copy(path, target).expect("copied");
    });
}

pub(crate) fn walk(folder: &Path, visit: &mut impl FnMut(&Path)) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            walk(&path, visit);
        } else {
            visit(&path);
        }
    }
}

/// Where runs begin, and where they end if nothing disturbs them.
#[derive(Debug)]
pub struct Stage {
    /// What is done.
    pub doing: Doing,
    /// The folder of a sandbox as it is before.
    pub before: tempfile::TempDir,
    /// The state after an undisturbed run.
    pub after: State,
}

impl Stage {
    /// Makes ready what is to be done, and does it once undisturbed.
    ///
    /// # Panics
    /// It can't be done, or a revoke leaves something, or takes something of others.
    pub async fn set(cloud: &'static dyn Cloud, doing: Doing) -> Self {
        let world = World::start(cloud, None).await;
        cloud.plant(&world).await;
        let planted = world.state();
        if doing != Doing::Apply {
            World::converge(&world.engine(Doing::Apply, settings(), Vec::new()).await).await;
        }
        let before = world.stop().await;
        let world = World::start(cloud, Some(before.path())).await;
        World::converge(&world.engine(doing, settings(), Vec::new()).await).await;
        let after = world.state();
        if doing == Doing::Revoke {
            assert_eq!(crate::cloud::differences(&planted, &after), Vec::<String>::new(), "a revoke leaves no trace");
        }
        Self { doing, before, after }
    }
}
