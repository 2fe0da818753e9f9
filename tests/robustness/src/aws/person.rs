//! Somebody with a console: statements in the shared documents, policies and tags on the task role.

use std::collections::BTreeMap;

use async_trait::async_trait;
use aws_sdk_iam::types::Tag;

use super::TASK_ROLE;
use super::documents::{Clients, Document};
use super::edited::{Edited, MARK};
use crate::cloud::{Losses, Person, State};
use crate::random::Random;
use crate::world::World;

const ROLE: &str = "role 111122223333 acme-userflyterole";

pub(super) struct Somebody {
    iam: aws_sdk_iam::Client,
    policy: String,
    documents: Vec<Edited>,
    tags: BTreeMap<String, bool>,
    attached: bool,
}

impl Somebody {
    /// Somebody who edits these documents.
    pub(super) async fn new(world: &World, documents: &[Document]) -> Self {
        let (iam, clients) = (super::iam(world), Clients::new(world));
        let document =
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sqs:ListQueues","Resource":"*"}]}"#;
        let made = iam.create_policy().policy_name(format!("{MARK}-policy")).policy_document(document).send().await;
        let policy = made.expect("a policy").policy.and_then(|policy| policy.arn).expect("an ARN");
        let documents = documents.iter().map(|document| Edited::new(clients.clone(), *document)).collect();
        Self { iam, policy, documents, tags: BTreeMap::new(), attached: false }
    }
}

#[async_trait]
impl Person for Somebody {
    async fn edit(&mut self, random: &mut Random) {
        match random.below(6) {
            0 => {
                self.attached = !self.attached;
                if self.attached {
                    let request = self.iam.attach_role_policy().role_name(TASK_ROLE).policy_arn(&self.policy);
                    request.send().await.expect("attached");
                } else {
                    let request = self.iam.detach_role_policy().role_name(TASK_ROLE).policy_arn(&self.policy);
                    request.send().await.expect("detached");
                }
            }
            1 => {
                let key = format!("{MARK}{}", random.below(3));
                let there = self.tags.entry(key.clone()).or_default();
                *there = !*there;
                if *there {
                    let tag = Tag::builder().key(key).value("x").build().expect("a tag");
                    self.iam.tag_role().role_name(TASK_ROLE).tags(tag).send().await.expect("tagged");
                } else {
                    self.iam.untag_role().role_name(TASK_ROLE).tag_keys(key).send().await.expect("untagged");
                }
            }
            _ => {
                let at = random.below(self.documents.len());
                self.documents[at].edit(random).await;
            }
        }
    }

    fn losses(&self, state: &State, log: &[serde_json::Value], told: &[String]) -> Losses {
        let mut losses = Losses::default();
        let role = &state[ROLE];
        if role["attached"].get(&self.policy).is_some() != self.attached {
            losses.inexcusable.push(format!("the attachment of {}", self.policy));
        }
        for (key, there) in &self.tags {
            if role["tags"].get(key).is_some() != *there {
                losses.inexcusable.push(format!("the tag {key}"));
            }
        }
        for document in &self.documents {
            losses.add(document.losses(state, log, told));
        }
        losses
    }

    fn without(&self, mut state: State) -> State {
        for document in &self.documents {
            document.take_out(&mut state);
        }
        if let Some(role) = state.get_mut(ROLE) {
            if let Some(attached) = role["attached"].as_object_mut() {
                attached.remove(&self.policy);
            }
            if let Some(tags) = role["tags"].as_object_mut() {
                tags.retain(|key, _| !key.starts_with(MARK));
            }
        }
        state.retain(|name, _| !name.contains(MARK));
        state
    }
}
