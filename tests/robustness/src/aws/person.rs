//! Somebody with a console: statements in the shared repository's policy, policies and tags on the task role.

use std::collections::{BTreeMap, BTreeSet};

use async_trait::async_trait;
use aws_sdk_iam::types::Tag;
use serde_json::{Value, json};

use super::log::Calls;
use super::{SHARED, TASK_ROLE, foreign, statements};
use crate::cloud::{Losses, Person, State};
use crate::random::Random;
use crate::world::World;

const REPOSITORY: &str = "repository 444455556666 us-west-2 team/shared";
const ROLE: &str = "role 111122223333 acme-userflyterole";
/// How often a person tries an edit that is refused.
const TRIES: usize = 20;
/// How many statements the person puts in and takes out.
const STATEMENTS: usize = 3;
/// What begins with this is the person's.
const MARK: &str = "Person";

pub(super) struct Somebody {
    iam: aws_sdk_iam::Client,
    ecr: aws_sdk_ecr::Client,
    policy: String,
    /// By Sid, whether the statement should be there.
    statements: BTreeMap<String, bool>,
    tags: BTreeMap<String, bool>,
    attached: bool,
    reads: usize,
    writes: usize,
    /// Statements that were not as the person left them: before which write, at which reading.
    missing: Vec<(usize, usize)>,
}

impl Somebody {
    pub(super) async fn new(world: &World) -> Self {
        let iam = super::iam(world);
        let document =
            r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"sqs:ListQueues","Resource":"*"}]}"#;
        let made = iam.create_policy().policy_name(format!("{MARK}-policy")).policy_document(document).send().await;
        let policy = made.expect("a policy").policy.and_then(|policy| policy.arn).expect("an ARN");
        Self {
            iam,
            ecr: super::ecr(world),
            policy,
            statements: BTreeMap::new(),
            tags: BTreeMap::new(),
            attached: false,
            reads: 0,
            writes: 0,
            missing: Vec::new(),
        }
    }

    /// Reads, changes, writes: as the console does it, with all of the person's own statements as they should be.
    async fn statement(&mut self, random: &mut Random) {
        let sid = format!("{MARK}{}", random.below(STATEMENTS));
        let mut there = self.statements.clone();
        there.entry(sid).and_modify(|there| *there = !*there).or_insert(true);
        for _ in 0..TRIES {
            let mut policy = self.read().await;
            let mut all = statements(&policy);
            all.retain(|statement| !is_the_persons(statement));
            all.extend(there.iter().filter(|(_, there)| **there).map(|(sid, _)| foreign(sid)));
            policy["Statement"] = all.into();
            let request = self.ecr.set_repository_policy().repository_name(SHARED).policy_text(policy.to_string());
            match request.send().await {
                Ok(_) => {
                    self.statements = there;
                    self.writes += 1;
                    return;
                }
                // Since the person's reading, somebody's statement has gone, and the role that it names. Or it is there
                // and the role isn't, once two runs of one stack have wanted different things at the same time: then
                // nobody can write the policy until the next run.
                Err(error) if format!("{error:?}").contains("Principal not found") => {}
                Err(error) => panic!("{error:?}"),
            }
        }
    }

    async fn read(&mut self) -> Value {
        let answer = self.ecr.get_repository_policy().repository_name(SHARED).send().await;
        self.reads += 1;
        let text = match answer {
            Ok(answer) => answer.policy_text.expect("a policy"),
            Err(error)
                if error.as_service_error().is_some_and(|error| error.is_repository_policy_not_found_exception()) =>
            {
                json!({ "Version": "2012-10-17", "Statement": [] }).to_string()
            }
            Err(error) => panic!("{error:?}"),
        };
        let policy = serde_json::from_str(&text).expect("JSON");
        if self.is_wrong(&policy) {
            self.missing.push((self.writes, self.reads));
        }
        policy
    }

    fn is_wrong(&self, policy: &Value) -> bool {
        self.wrong(policy).next().is_some()
    }

    /// The person's statements that are not as the person left them.
    fn wrong(&self, policy: &Value) -> impl Iterator<Item = &str> {
        let now = sids(policy);
        self.statements.iter().filter(move |(sid, there)| now.contains(*sid) != **there).map(|(sid, _)| sid.as_str())
    }
}

/// The Sids of the person's statements in a policy.
pub(super) fn sids(policy: &Value) -> BTreeSet<String> {
    let persons = statements(policy).into_iter().filter(is_the_persons);
    persons.filter_map(|statement| statement["Sid"].as_str().map(str::to_owned)).collect()
}

fn is_the_persons(statement: &Value) -> bool {
    statement["Sid"].as_str().is_some_and(|sid| sid.starts_with(MARK))
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
            _ => self.statement(random).await,
        }
    }

    fn losses(&self, state: &State, log: &[Value]) -> Losses {
        let mut losses = Losses { writes: self.writes, ..Losses::default() };
        let role = &state[ROLE];
        if role["attached"].get(&self.policy).is_some() != self.attached {
            losses.inexcusable.push(format!("the attachment of {}", self.policy));
        }
        for (key, there) in &self.tags {
            if role["tags"].get(key).is_some() != *there {
                losses.inexcusable.push(format!("the tag {key}"));
            }
        }
        let calls = Calls::read(log);
        let in_window = |(write, reading): (usize, usize)| calls.in_window(write, reading);
        losses.for_a_time = self.missing.len();
        let policy = &state[REPOSITORY]["policy"];
        if self.is_wrong(policy) {
            let what = format!("statements {:?} in {policy}", self.statements);
            let unseen = |sid: &str| calls.was_too_early(sid) || calls.was_unseen(sid);
            if in_window((self.writes, usize::MAX)) || self.wrong(policy).all(unseen) {
                losses.in_window.push(what);
            } else {
                losses.inexcusable.push(format!("{what}\n{calls}"));
            }
        }
        losses.mended = self.missing.iter().filter(|missing| in_window(**missing)).count();
        losses
    }

    fn without(&self, mut state: State) -> State {
        if let Some(repository) = state.get_mut(REPOSITORY) {
            let mut all = statements(&repository["policy"]);
            all.retain(|statement| !is_the_persons(statement));
            repository["policy"]["Statement"] = all.into();
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
