//! What these proofs need to know of a cloud.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use cloudgrant_core::Change;
use serde_json::Value;

use crate::random::Random;
use crate::world::World;

/// What is in a cloud, by name, in a form in which equal worlds are equal: without ids and times that the cloud makes up.
pub type State = BTreeMap<String, Value>;

/// The manifests of a cloud.
#[derive(Debug, Clone)]
pub struct Manifests {
    /// About thirty objects of all kinds, some of them parts of what others own.
    pub first: String,
    /// The same stack, where some of it is gone, some is new and some differs.
    pub second: String,
    /// A few objects, with parts in something that [`Self::other`] has parts in too.
    pub small: String,
    /// The stack of [`Self::small`], wanting something else.
    pub small_changed: String,
    /// Another stack, with parts in the same things.
    pub other: String,
}

/// What a run does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Doing {
    /// Makes all of the first manifest.
    Apply,
    /// Goes from the first manifest to the second.
    Change,
    /// Takes all of the first manifest away.
    Revoke,
}

/// What the cloud's own state says of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// It is there with these attributes.
    Same,
    /// It is there in another form.
    Different,
    /// It isn't there.
    Absent,
    /// It is nothing in the cloud, such as a step for somebody else.
    Unknown,
}

/// A cloud, with its sandbox.
#[async_trait]
pub trait Cloud: std::fmt::Debug + Send + Sync {
    /// The provider's and the sandbox's id.
    fn id(&self) -> &'static str;

    /// The manifests.
    fn manifests(&self) -> Manifests;

    /// A setting that makes the provider give a request up after so many seconds.
    fn request_timeout(&self, seconds: f64) -> (String, Value);

    /// Makes things that are nobody's of ours, some of them beside or within what the manifests touch.
    async fn plant(&self, world: &World);

    /// The state, from the sandbox's files: their path in its folder, and what is in them.
    fn canonical(&self, files: Vec<(String, Value)>) -> State;

    /// The same without who made what both stacks of [`Manifests::small`] and [`Manifests::other`] want: whoever came first.
    fn whoever_made_it(&self, state: State) -> State {
        state
    }

    /// What the state says of an object, held against attributes as the provider writes them.
    fn look(&self, state: &State, change: &Change, attributes: &Value) -> Look;

    /// A person who edits by hand what the manifests touch.
    async fn person(&self, world: &World) -> Box<dyn Person>;

    /// A person who edits by hand what an action writes, and nothing else that has no version token.
    async fn person_at(&self, world: &World, action: &str) -> Box<dyn Person> {
        let _ = action;
        self.person(world).await
    }

    /// For each of our writes of what is read, merged and written without a version token, how long its writer hadn't
    /// looked at it: what somebody else wrote in that time is lost. From the sandbox's log; `last` is 1 for the last reading before the
    /// write, 2 for the one before that.
    fn windows(&self, log: &[Value], last: usize) -> Vec<Duration> {
        let _ = (log, last);
        Vec::new()
    }
}

/// A person who edits, and remembers what should be there.
#[async_trait]
pub trait Person: Send {
    /// Edits something.
    async fn edit(&mut self, random: &mut Random);

    /// Once the runs have ended: takes away what of the person's keeps something of a stack's from going.
    async fn let_go(&mut self) {}

    /// What of the person's is lost, or there again, at the end, and how; with what runs said that they couldn't put back.
    fn losses(&self, state: &State, log: &[Value], told: &[String]) -> Losses;

    /// The state as if there had been no person.
    fn without(&self, state: State) -> State;
}

/// What came of a person's edits.
#[derive(Debug, Clone, Default)]
pub struct Losses {
    /// How many edits there were to what is read, merged and written without a version token.
    pub writes: usize,
    /// Lost in the end although somebody could have seen it: there must be none.
    pub inexcusable: Vec<String>,
    /// Lost in the end: it came between somebody else's last reading and their write.
    pub in_window: Vec<String>,
    /// Lost in the end in what the cloud let nobody write any more, and told by the run that overwrote it.
    pub told: Vec<String>,
    /// Overwritten in that way, and mended by the person, whose tool looks after what is the person's.
    pub mended: usize,
    /// Missing at one of the person's readings, for whatever reason.
    pub for_a_time: usize,
}

impl Losses {
    /// Adds another's.
    pub fn add(&mut self, other: Self) {
        self.writes += other.writes;
        self.inexcusable.extend(other.inexcusable);
        self.in_window.extend(other.in_window);
        self.told.extend(other.told);
        self.mended += other.mended;
        self.for_a_time += other.for_a_time;
    }
}

/// What differs between two states, in words.
pub fn differences(expected: &State, found: &State) -> Vec<String> {
    let mut all = Vec::new();
    for (name, value) in expected {
        match found.get(name) {
            None => all.push(format!("missing: {name}")),
            Some(other) if other != value => all.push(format!("{name}:\n  expected {value}\n  found    {other}")),
            Some(_) => {}
        }
    }
    all.extend(found.keys().filter(|name| !expected.contains_key(*name)).map(|name| format!("left over: {name}")));
    all
}
