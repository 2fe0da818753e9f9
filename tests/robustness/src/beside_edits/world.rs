//! Sandboxes of a cloud and of its platform in this process, and a person who does what plans hand off.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use cloudgrant_core::manifest::{Loaded, Overrides};
use cloudgrant_core::{Action, Approval, Cancel, Plan, Session, Silent};
use cloudgrant_flyte_sandbox as _;
use cloudgrant_kubernetes_sandbox as _;
use cloudgrant_sandbox_kit::{Running, Start, registry};
use serde_json::Value;

use super::seen::NAMESPACES;
use super::trial::listed;
use super::{Delivery, Grant, Place, Seen};
use crate::world::{files, settings};

/// What is done.
#[derive(Debug, Clone, Copy)]
pub enum Doing<'a> {
    /// All of the manifest comes true.
    Apply,
    /// A grant is taken away.
    Revoke(&'a str),
    /// Everything is taken away.
    RevokeAll,
}

/// What came of it.
#[derive(Debug)]
pub struct Ran {
    /// Whether the command line's exit code is 0.
    pub is_done: bool,
    /// The plan.
    pub plan: Plan,
}

/// The sandboxes.
#[derive(Debug)]
pub struct World {
    place: Place,
    folder: tempfile::TempDir,
    cloud: Running,
    platform: Option<Running>,
    /// What a person has told the platform, by namespace.
    by_hand: BTreeMap<String, String>,
    roles: BTreeMap<String, Value>,
}

impl World {
    /// New sandboxes, with what manifests take for granted.
    ///
    /// # Panics
    /// They don't start.
    pub async fn start(place: Place) -> Self {
        let Place { ground, delivery, by_repository } = place;
        let folder = tempfile::tempdir().expect("a folder");
        let mut config = loaded(&ground.head(delivery)).surroundings();
        let cloud = registry::start(ground.id(), Start::new(folder.path().join("cloud")).config(config.clone()));
        let cloud = cloud.await.expect("the cloud's sandbox starts");
        if let (Some(issuer), Value::Object(config)) = (cloud.issuers().first(), &mut config) {
            config.insert("issuer".to_owned(), issuer.as_str().into());
        }
        let platform = match delivery {
            Delivery::Handoff => None,
            Delivery::Kubernetes => Some("kubernetes"),
            Delivery::Admin | Delivery::Settings => Some("flyte"),
        };
        let platform = match platform {
            None => None,
            Some(id) => {
                let start = Start::new(folder.path().join("platform")).config(config);
                Some(registry::start(id, start).await.expect("the platform's sandbox starts"))
            }
        };
        ground.prepare(cloud.endpoint(), by_repository).await;
        let roles = super::azure::roles(ground, cloud.endpoint()).await;
        Self { place, folder, cloud, platform, by_hand: BTreeMap::new(), roles }
    }

    /// One in which grants were applied, and nothing else was done.
    ///
    /// # Errors
    /// They can't be applied.
    pub async fn with(place: Place, grants: &[Grant]) -> Result<Self, String> {
        let mut world = Self::start(place).await;
        world.run(grants, Doing::Apply).await?;
        Ok(world)
    }

    async fn session(&self, grants: &[Grant]) -> Result<Session, String> {
        let head = self.place.ground.head(self.place.delivery);
        let manifest = if grants.is_empty() { head } else { format!("{head}grants:\n{}", listed(grants)) };
        let session = Session::open(loaded(&manifest), settings()).await;
        let session = session.map_err(|error| format!("{error:?}"))?;
        let session = session.overlaid(self.cloud.settings(), "the sandbox").await;
        let session = session.map_err(|error| format!("{error:?}"))?.in_sandbox();
        match &self.platform {
            Some(platform) => {
                session.with_platform_in_sandbox(platform.settings()).map_err(|error| format!("{error:?}"))
            }
            None => Ok(session),
        }
    }

    /// What would be done.
    ///
    /// # Errors
    /// It can't be planned.
    pub async fn plan(&self, grants: &[Grant], doing: Doing<'_>) -> Result<Plan, String> {
        let session = self.session(grants).await?;
        let engine = match doing {
            Doing::Apply => Ok(session.engine()),
            Doing::Revoke(name) => session.engine_without(Some(&[name.to_owned()])),
            Doing::RevokeAll => session.engine_without(None),
        };
        engine.map_err(|error| format!("{error:?}"))?.plan(&Silent).await.map_err(|error| format!("no plan: {error:?}"))
    }

    /// Plans and carries out what the plan says, as the command line does, and then what it hands off.
    ///
    /// # Errors
    /// It can't be done, or not all of it.
    pub async fn run(&mut self, grants: &[Grant], doing: Doing<'_>) -> Result<Ran, String> {
        let session = self.session(grants).await?;
        let engine = match doing {
            Doing::Apply => Ok(session.engine()),
            Doing::Revoke(name) => session.engine_without(Some(&[name.to_owned()])),
            Doing::RevokeAll => session.engine_without(None),
        };
        let engine = engine.map_err(|error| format!("{error:?}"))?;
        let plan = engine.plan(&Silent).await.map_err(|error| format!("no plan: {error:?}"))?;
        if !plan.is_empty() {
            let report = engine.apply(plan.clone().approve(Approval::InAdvance), &Silent, &Cancel::default()).await;
            let report = report.map_err(|error| format!("nothing was done: {error:?}"))?;
            if !report.is_success() {
                return Err(format!("it failed: {report:#?}"));
            }
        }
        self.hand_off(&plan);
        let unsearched = match doing {
            Doing::Apply => false,
            Doing::Revoke(_) => !plan.unsearched_for.is_empty(),
            Doing::RevokeAll => !plan.unsearched.is_empty(),
        };
        Ok(Ran { is_done: plan.stays.is_empty() && !unsearched, plan })
    }

    /// Does what a plan hands off, and takes away what names a principal that is gone or trusts the namespace no more: a run tells
    /// of both.
    fn hand_off(&mut self, plan: &Plan) {
        let handoffs = plan.changes.iter().filter(|change| change.action == Action::Handoff);
        for value in handoffs.filter_map(|change| change.after.as_ref()).map(cloudgrant_core::Attributes::value) {
            if let Some(role) = value["role"].as_str() {
                let namespace = [&value["project"], &value["domain"]].map(|name| name.as_str().unwrap_or_default());
                self.by_hand.insert(namespace.join("-"), role.to_owned());
            }
            for (name, subjects) in value["identities"].as_object().into_iter().flatten() {
                let subjects = subjects.as_array().into_iter().flatten().filter_map(Value::as_str);
                for namespace in subjects.filter_map(|subject| subject.split(':').nth(2)) {
                    self.by_hand.insert(namespace.to_owned(), name.clone());
                }
            }
        }
        let seen = self.seen();
        self.by_hand.retain(|namespace, reference| {
            let subject = format!("system:serviceaccount:{namespace}:default");
            let principal = seen.principals.get(&seen.name_of(reference));
            principal.is_some_and(|one| one.trusts.as_ref().is_none_or(|trusted| trusted.contains(&subject)))
        });
    }

    /// What is there.
    pub fn seen(&self) -> Seen {
        let mut seen = self.place.ground.seen(&files(&self.folder.path().join("cloud")), &self.roles);
        let (annotation, attribute) = self.place.ground.told_by();
        let mut told = self.by_hand.clone();
        let mut set = BTreeSet::new();
        for (name, value) in files(&self.folder.path().join("platform")) {
            match self.place.delivery {
                Delivery::Kubernetes if name.starts_with("serviceaccounts/") => {
                    let Some(namespace) = value["metadata"]["namespace"].as_str() else { continue };
                    if let Some(reference) = value["metadata"]["annotations"][annotation].as_str() {
                        told.insert(namespace.to_owned(), reference.to_owned());
                    }
                    let managers = value["metadata"]["managedFields"].as_array().into_iter().flatten();
                    let managers = managers.filter_map(|one| one["manager"].as_str());
                    let ours = managers.filter(|manager| manager.starts_with("cloudgrant."));
                    seen.objects.extend(ours.map(|_| format!("annotation in {namespace}")));
                }
                Delivery::Admin if name.starts_with("attributes/") => {
                    for record in value["records"].as_array().into_iter().flatten() {
                        let [project, domain] =
                            ["project", "domain"].map(|key| record[key].as_str().unwrap_or_default());
                        let namespace = format!("{project}-{domain}");
                        let map = find_map(&record["attributes"]);
                        if let Some(reference) = map.get(attribute).and_then(Value::as_str) {
                            told.insert(namespace.clone(), reference.to_owned());
                        }
                        if map.keys().any(|key| key.starts_with("cloudgrant.")) {
                            seen.objects.insert(format!("attributes of {namespace}"));
                        }
                    }
                }
                Delivery::Settings if name.starts_with("settings/project/") => {
                    let namespace = format!("{}-{}", text(&value["project"]), text(&value["domain"]));
                    let settings = &value["settings"];
                    if settings["security"]["service_account"]["string_value"] == ACCOUNT {
                        set.insert(namespace.clone());
                    }
                    let entries = settings["annotations"]["map_value"]["entries"].as_object().into_iter().flatten();
                    let ours = entries.filter(|(key, _)| key.starts_with("cloudgrant."));
                    seen.objects.extend(ours.map(|_| format!("settings of {namespace}")));
                }
                _ => {}
            }
        }
        if self.place.delivery == Delivery::Settings {
            // An account that is annotated and not set is nobody's.
            told.retain(|namespace, _| set.contains(namespace));
        }
        assert!(told.keys().all(|namespace| NAMESPACES.contains(&namespace.as_str())), "{told:?}");
        seen.told = told.into_iter().map(|(namespace, reference)| (namespace, seen.name_of(&reference))).collect();
        seen
    }

    /// Every file that the sandboxes keep.
    pub fn files(&self, visit: &mut dyn FnMut(&Path, Value)) {
        for name in ["cloud", "platform"] {
            let folder = self.folder.path().join(name);
            files(&folder).into_iter().for_each(|(name, value)| visit(&folder.join(name), value));
        }
    }
}

/// The account that manifests bind. Where nothing sets it, pods run under the platform's own.
const ACCOUNT: &str = "default";

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The attributes of a record, however the message that they are in is written.
fn find_map(matching: &Value) -> serde_json::Map<String, Value> {
    let record = matching.as_object().into_iter().flat_map(serde_json::Map::values).find(|one| one.is_object());
    record.and_then(|record| record["attributes"].as_object()).cloned().unwrap_or_default()
}

fn loaded(manifest: &str) -> Loaded {
    Loaded::from_text(manifest, Path::new("cloudgrant.yaml"), &Overrides::default())
        .unwrap_or_else(|error| panic!("{manifest}: {error:?}"))
}
