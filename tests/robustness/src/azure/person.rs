//! Somebody with the portal: assignments and their conditions, federated credentials and tags of an identity of ours, and
//! a tag on the platform's.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use serde_json::{Value, json};

use super::log::{Calls, Deed};
use super::planted::{self, BLOB_OWNER, BLOB_READER, PERSON, READER, condition};
use super::{TASKS, TENANT, assignment_at, canonical, container, identity, registry, role, text};
use crate::cloud::{Losses, Person, State};
use crate::http;
use crate::random::Random;
use crate::world::World;

/// The identity that one of the stacks makes, and may take away.
const SHARED: &str = "cloudgrant_left_production";
/// What begins with this is the person's.
const MARK: &str = "person";
const AUTHORIZATION: &str = "2022-04-01";
const IDENTITY: &str = "2023-01-31";

pub(super) struct Somebody {
    endpoint: String,
    token: String,
    tasks: String,
    /// Whether the person's own assignment is there.
    assigned: bool,
    /// The prefix in the condition of the person's other one; none before it is made.
    prefix: Option<&'static str>,
    /// By key, whether the tag on the platform's identity is there.
    tags: BTreeMap<String, bool>,
    /// By name, whether the credential of our identity should be there.
    credentials: BTreeMap<String, bool>,
    /// By key, whether the tag on our identity should be there.
    tags_on_ours: BTreeMap<String, bool>,
    reads: usize,
    writes: usize,
    /// Credentials that were not there at a reading although the person had made them.
    missing: Vec<(String, usize)>,
}

fn own() -> String {
    assignment_at(&registry("acmeimages"), "0e250000-0000-4000-8000-000000000011")
}

fn conditional() -> String {
    assignment_at(&container("acmemodels", "results"), "0e250000-0000-4000-8000-000000000012")
}

fn credential(name: &str) -> String {
    format!("{}/federatedIdentityCredentials/{name}", identity(SHARED))
}

impl Somebody {
    pub(super) async fn new(world: &World) -> Self {
        let endpoint = world.endpoint().to_owned();
        let scope = "scope=https%3A%2F%2Fmanagement.azure.com%2F.default";
        let form = format!("grant_type=client_credentials&client_id={PERSON}&client_secret=sandbox&{scope}");
        let answer = http::form(&endpoint, &format!("/{TENANT}/oauth2/v2.0/token"), &form).await;
        Self {
            token: text(&answer, "access_token").to_owned(),
            tasks: planted::principal(&planted::shown(world).await, TASKS),
            endpoint,
            assigned: false,
            prefix: None,
            tags: BTreeMap::new(),
            credentials: BTreeMap::new(),
            tags_on_ours: BTreeMap::new(),
            reads: 0,
            writes: 0,
            missing: Vec::new(),
        }
    }

    /// Tries again while a write of a run's is under way.
    async fn send(&self, method: &str, path: &str, version: &str, body: Value) -> Option<Value> {
        loop {
            let path = format!("{path}?api-version={version}");
            let (status, answer) = http::json(&self.endpoint, method, &path, &self.token, &body).await;
            match status {
                200..=299 => return Some(answer),
                404 => return None,
                // It was taken away meanwhile, and somebody else's is in its place.
                409 if text(&answer["error"], "code") == "RoleAssignmentExists" => return None,
                409 if text(&answer["error"], "code").starts_with("Concurrent") => {
                    tokio::time::sleep(Duration::from_millis(3)).await;
                }
                _ => panic!("{method} {path}: {status} {answer}"),
            }
        }
    }

    async fn sure(&self, method: &str, path: &str, version: &str, body: Value) -> Value {
        let answer = self.send(method, path, version, body).await;
        answer.unwrap_or_else(|| panic!("{method} {path}: nothing is there"))
    }

    async fn assign(&self, id: &str, role_id: &str, condition: Option<String>) {
        let mut properties = json!({ "roleDefinitionId": role(role_id), "principalId": self.tasks, "principalType": "ServicePrincipal" });
        if let Some(condition) = condition {
            properties["condition"] = condition.into();
            properties["conditionVersion"] = "2.0".into();
        }
        self.sure("PUT", id, AUTHORIZATION, json!({ "properties": properties })).await;
    }

    /// Changes the condition of an assignment of a stack's, which is the stack's to mend.
    async fn meddle(&self, random: &mut Random) {
        let scope = container("acmedata", "inputs");
        let list = format!("{scope}/providers/Microsoft.Authorization/roleAssignments");
        let all = self.sure("GET", &list, AUTHORIZATION, Value::Null).await;
        let ours = |found: &&Value| {
            text(&found["properties"], "description").contains("(stack left,")
                && text(&found["properties"], "roleDefinitionId").ends_with(BLOB_READER)
                && text(&found["properties"], "principalId") == self.tasks
        };
        let Some(found) = all["value"].as_array().into_iter().flatten().find(ours) else { return };
        let mut properties = found["properties"].clone();
        properties["condition"] = condition(random.pick::<&str>(&["a/", "b/"])).into();
        self.send("PUT", text(found, "id"), AUTHORIZATION, json!({ "properties": properties })).await;
    }

    async fn tag(&mut self, random: &mut Random) {
        let key = format!("{MARK}-{}", random.below(3));
        let there = self.tags.entry(key).or_default();
        *there = !*there;
        let tags = self.tags.clone();
        self.write_tags(TASKS, &tags).await;
    }

    /// Reads, merges, writes, with all of the person's own as they should be. False if there is no such identity.
    async fn write_tags(&self, name: &str, wanted: &BTreeMap<String, bool>) -> bool {
        let Some(found) = self.send("GET", &identity(name), IDENTITY, Value::Null).await else { return false };
        let mut tags = found["tags"].as_object().cloned().unwrap_or_default();
        for (key, there) in wanted {
            match there {
                true => _ = tags.insert(key.clone(), "x".into()),
                false => _ = tags.remove(key),
            }
        }
        self.send("PATCH", &identity(name), IDENTITY, json!({ "tags": tags })).await.is_some()
    }

    async fn tag_ours(&mut self, random: &mut Random) {
        let key = format!("{MARK}-{}", random.below(3));
        let mut wanted = self.tags_on_ours.clone();
        wanted.entry(key).and_modify(|there| *there = !*there).or_insert(true);
        if self.write_tags(SHARED, &wanted).await {
            self.tags_on_ours = wanted;
            self.writes += 1;
        }
    }

    /// Makes or takes away a credential, and makes again what should be there and isn't.
    async fn trust(&mut self, random: &mut Random) {
        if !self.read().await {
            return;
        }
        let name = format!("{MARK}-{}", random.below(4));
        let there = !self.credentials.get(&name).copied().unwrap_or_default();
        if self.write_credential(&name, there).await {
            self.credentials.insert(name, there);
            self.writes += 1;
        }
    }

    async fn write_credential(&self, name: &str, there: bool) -> bool {
        let subject = format!("repo:acme/{name}:ref:refs/heads/main");
        let body = json!({ "properties": {
            "issuer": "https://token.actions.githubusercontent.com", "subject": subject,
            "audiences": ["api://AzureADTokenExchange"],
        }});
        match there {
            true => self.send("PUT", &credential(name), IDENTITY, body).await.is_some(),
            false => self.send("DELETE", &credential(name), IDENTITY, Value::Null).await.is_some(),
        }
    }

    /// Looks, and takes what is missing for gone. False if there is no identity.
    async fn read(&mut self) -> bool {
        let list = format!("{}/federatedIdentityCredentials", identity(SHARED));
        let answer = self.send("GET", &list, IDENTITY, Value::Null).await;
        self.reads += 1;
        let all = answer.as_ref().and_then(|answer| answer["value"].as_array());
        let names: Vec<_> = all.into_iter().flatten().map(|found| text(found, "name")).collect();
        for (name, there) in &mut self.credentials {
            if *there && !names.contains(&name.as_str()) {
                self.missing.push((name.clone(), self.reads));
                *there = false;
            }
        }
        answer.is_some()
    }
}

#[async_trait]
impl Person for Somebody {
    async fn edit(&mut self, random: &mut Random) {
        match random.below(10) {
            0 => {
                self.assigned = !self.assigned;
                match self.assigned {
                    true => self.assign(&own(), READER, None).await,
                    false => _ = self.sure("DELETE", &own(), AUTHORIZATION, Value::Null).await,
                }
            }
            1 => {
                let prefix = *random.pick(&["one/", "two/"]);
                self.assign(&conditional(), BLOB_OWNER, Some(condition(prefix))).await;
                self.prefix = Some(prefix);
            }
            2 => self.meddle(random).await,
            3 => self.tag(random).await,
            4..=6 => self.tag_ours(random).await,
            _ => self.trust(random).await,
        }
    }

    /// An identity that somebody else relies on isn't deleted, so that the person takes the credentials away again.
    async fn let_go(&mut self) {
        self.read().await;
        for (name, there) in std::mem::take(&mut self.credentials) {
            if there {
                self.write_credential(&name, false).await;
            }
        }
    }

    fn losses(&self, state: &State, log: &[Value], _: &[String]) -> Losses {
        let mut losses = Losses { writes: self.writes, for_a_time: self.missing.len(), ..Losses::default() };
        let tasks = identity(TASKS);
        let found = |role: &str, scope: String| state.get(&canonical::assignment(&tasks, role, &scope));
        if found(READER, registry("acmeimages")).is_some() != self.assigned {
            losses.inexcusable.push("the person's assignment".to_owned());
        }
        let there = found(BLOB_OWNER, container("acmemodels", "results")).map(|found| found["condition"].clone());
        if there != self.prefix.map(|prefix| condition(prefix).into()) {
            losses.inexcusable.push(format!("the condition of the person's assignment: {there:?}"));
        }
        let tagged = |name: &str| state.get(&format!("identity {}", identity(name).to_lowercase()));
        for (key, there) in &self.tags {
            if tagged(TASKS).is_some_and(|identity| identity["tags"].get(key).is_some() != *there) {
                losses.inexcusable.push(format!("the tag {key} on the platform's identity"));
            }
        }
        let (calls, path) = (Calls::read(log), identity(SHARED).to_lowercase());
        for (name, reading) in &self.missing {
            let until = calls.reading(*reading);
            let id = credential(name).to_lowercase();
            let from = calls.last_by_person(Deed::WritesCredential, &id, until).unwrap_or(u64::MAX);
            let deleted = calls.others(Deed::Deletes, Deed::ReadsCredentials, &path, from, until);
            match deleted.contains(&false) {
                true => losses.in_window.push(format!("the credential {name}, with its identity")),
                false => losses.inexcusable.push(format!("the credential {name}: {deleted:?}")),
            }
        }
        // What is on an identity of ours goes with it.
        let from = calls.last_by_person(Deed::Writes, &path, u64::MAX).unwrap_or(u64::MAX);
        let is_new = !calls.others(Deed::Deletes, Deed::Reads, &path, from, u64::MAX).is_empty();
        if let (false, Some(identity)) = (is_new, tagged(SHARED)) {
            let written = calls.others(Deed::Writes, Deed::Reads, &path, from, u64::MAX);
            for (key, _) in
                self.tags_on_ours.iter().filter(|(key, there)| identity["tags"].get(*key).is_some() != **there)
            {
                match written.contains(&false) {
                    true => losses.in_window.push(format!("the tag {key}")),
                    false => losses.inexcusable.push(format!("the tag {key}: {written:?}")),
                }
            }
        }
        losses
    }

    fn without(&self, mut state: State) -> State {
        let tasks = identity(TASKS);
        state.remove(&canonical::assignment(&tasks, READER, &registry("acmeimages")));
        state.remove(&canonical::assignment(&tasks, BLOB_OWNER, &container("acmemodels", "results")));
        for name in [TASKS, SHARED] {
            let identity = state.get_mut(&format!("identity {}", identity(name).to_lowercase()));
            if let Some(tags) = identity.and_then(|identity| identity["tags"].as_object_mut()) {
                tags.retain(|key, _| !key.starts_with(MARK));
            }
        }
        state
    }
}
