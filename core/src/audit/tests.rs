use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;

use crate::audit::*;
use crate::contract::backend::of_plan::Backends;
use crate::contract::backend::{Backend, Outcome};
use crate::contract::delivery::Bound;
use crate::contract::error::{Error, ErrorKind, Result};
use crate::contract::object::change::{Action, Approved, Change};
use crate::contract::object::desired::Desired;
use crate::contract::object::observed::Observed;
use crate::contract::object::{ObjectId, Ownership};
use crate::contract::provider::permissions::Permissions;
use crate::contract::provider::{Caller, Provider};
use crate::plan::{Approval, Plan, Summary};
use crate::vocabulary::checked::Checked;
use crate::vocabulary::intent::{IntentId, RegistryAccess, ScopeBinding, TaskAccess};
use crate::vocabulary::names::{GrantName, Stack};

fn trail(folder: &tempfile::TempDir) -> PathBuf {
    folder.path().join("audit.jsonl")
}

fn run(path: &Path) -> String {
    let trail = Trail::open(path).expect("open");
    let actor = Actor { user: "ann".to_owned(), host: "desk".to_owned(), program: "cloudgrant".to_owned() };
    let plan = Summary { create: 1, ..Summary::default() };
    let caller = Caller { principal: "arn:aws:iam::1:role/ann".to_owned(), ..Caller::default() };
    let begin = Event::Begin {
        actor: &actor,
        caller: Some(&caller),
        stack: "acme",
        provider: "aws",
        sandbox: false,
        approval: Approval::InAdvance,
        plan,
        digest: "d1",
    };
    trail.append(begin).expect("written");
    let object = ObjectId::new("iam-role", "cloudgrant_acme_production");
    trail.append(Event::Attempt { action: Action::Create, object: &object, because: &[] }).expect("written");
    let requests = vec!["request-1".to_owned()];
    let applied = Event::Applied { action: Action::Create, object: &object, identifier: Some("arn:x"), requests };
    trail.append(applied).expect("written");
    trail.append(Event::End { applied: 1, failed: 0, remaining: 0 }).expect("written");
    trail.head()
}

fn lines(path: &Path) -> Vec<String> {
    std::fs::read_to_string(path).expect("text").lines().map(ToOwned::to_owned).collect()
}

fn write(path: &Path, lines: &[String]) {
    std::fs::write(path, lines.iter().map(|line| format!("{line}\n")).collect::<String>()).expect("written");
}

#[test]
fn runs_follow_each_other() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = trail(&folder);
    run(&path);
    let head = run(&path);
    let verified = verify(&path).expect("readable").expect("as it was written");
    assert_eq!(verified, Verified { lines: 8, runs: 2, head, unfinished: Vec::new() });
    let first: serde_json::Value = serde_json::from_str(&lines(&path)[0]).expect("JSON");
    assert_eq!((first["event"].as_str(), first["actor"]["user"].as_str()), (Some("begin"), Some("ann")));
    assert_eq!(first["caller"]["principal"].as_str(), Some("arn:aws:iam::1:role/ann"));
}

#[test]
fn a_change_for_very_many_grants_can_be_verified() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = trail(&folder);
    run(&path);
    let trail = Trail::open(&path).expect("open");
    let grant =
        |at| IntentId::Grant(GrantName::parse(format!("a-grant-with-quite-a-long-name-{at:05}")).expect("a name"));
    let because: Vec<_> = (0..40_000).map(grant).collect();
    let object = ObjectId::new("role-assignment", "shared");
    trail.append(Event::Attempt { action: Action::Create, object: &object, because: &because }).expect("written");
    let verified = verify(&path).expect("readable").expect("as it was written");
    assert_eq!((verified.lines, verified.head), (5, trail.head()));
}

#[test]
fn every_edit_and_every_cut_within_shows() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = trail(&folder);
    run(&path);
    run(&path);
    let whole = lines(&path);
    for at in 0..whole.len() {
        let mut cut = whole.clone();
        cut.remove(at);
        write(&path, &cut);
        match verify(&path).expect("readable") {
            Err(broken) => assert_eq!(broken.line as usize, at + 1),
            // The last line: that shows against the hash which the run told, and by the run that has no end.
            Ok(verified) => assert_eq!((at, verified.unfinished.len()), (whole.len() - 1, 1)),
        }
        let mut edited = whole.clone();
        edited[at] = edited[at].replacen("\"sequence\":", "\"sequence\": ", 1);
        write(&path, &edited);
        assert_eq!(verify(&path).expect("readable").expect_err("edited").line as usize, at + 1);
        let mut twice = whole.clone();
        twice.insert(at, whole[at].clone());
        write(&path, &twice);
        assert!(verify(&path).expect("readable").is_err());
    }
    write(&path, &whole);
    let text = std::fs::read_to_string(&path).expect("text");
    for cut in [1, 10, text.len() - 1] {
        std::fs::write(&path, &text[..cut]).expect("written");
        assert!(verify(&path).expect("readable").is_err(), "{cut}");
        assert!(Trail::open(&path).is_err(), "{cut}");
    }
}

#[test]
fn every_single_byte_counts() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = trail(&folder);
    run(&path);
    let text = std::fs::read(&path).expect("text");
    for at in 0..text.len() {
        let mut changed = text.clone();
        changed[at] = if changed[at] == b'x' { b'y' } else { b'x' };
        std::fs::write(&path, &changed).expect("written");
        assert!(verify(&path).expect("readable").is_err(), "byte {at}");
    }
}

#[test]
fn two_runs_don_t_write_at_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = trail(&folder);
    let first = Trail::open(&path).expect("open");
    let error = Trail::open(&path).expect_err("locked");
    assert!(error.message().contains("can't lock"), "{error}");
    drop(first);
    assert!(Trail::open(&path).is_ok());
}

#[test]
fn a_long_last_line_is_found() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = trail(&folder);
    let trail = Trail::open(&path).expect("open");
    let object = ObjectId::new("iam-role", "x".repeat(20_000));
    let error = "y".repeat(20_000);
    let failed = Event::Failed { action: Action::Create, object: &object, error, requests: Vec::new() };
    trail.append(failed).expect("written");
    drop(trail);
    run(&path);
    assert_eq!(verify(&path).expect("readable").expect("whole").lines, 5);
}

#[tokio::test]
async fn requests_are_told_where_a_change_is_under_way() {
    note_request("nobody-listens");
    let ((), requests) = with_requests(async {
        note_request("one");
        tokio::task::yield_now().await;
        note_request("two");
        note_request("two");
        note_request("not an id\n");
    })
    .await;
    assert_eq!(requests, ["one", "two"]);
}

#[test]
fn a_run_without_an_end_is_told_with_its_last_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = trail(&folder);
    run(&path);
    let whole = lines(&path);
    for (kept, says) in [
        (1, "the run begins"),
        (2, "attempt to create iam-role cloudgrant_acme_production"),
        (3, "iam-role cloudgrant_acme_production: create is done"),
    ] {
        write(&path, &whole[..kept]);
        let verified = verify(&path).expect("readable").expect("as it was written");
        let cut = verified.cut().expect("it ends in the middle of a run");
        assert_eq!((cut.line as usize, cut.says.as_str()), (kept, says));
        // What goes on after it shows that nothing was cut off: the run was killed.
        run(&path);
        let verified = verify(&path).expect("readable").expect("as it was written");
        assert_eq!((verified.cut(), verified.unfinished.len()), (None, 1));
        assert_eq!(verified.unfinished[0].line as usize, kept);
    }
    write(&path, &[]);
    let empty = verify(&path).expect("readable").expect("nothing is wrong with nothing");
    assert_eq!((empty.lines, empty.cut()), (0, None));
}

/// A provider whose changes succeed or fail, and meanwhile nobody can write the trail any more.
#[derive(Debug)]
struct Meanwhile {
    trail: Arc<Trail>,
    succeeds: bool,
    tries: AtomicU64,
}

#[async_trait]
impl Backend for Meanwhile {
    async fn observe(&self, _: &Desired) -> Result<Observed> {
        Ok(Observed::default())
    }

    async fn apply(&self, _: Approved<'_>) -> Result<Outcome> {
        self.tries.fetch_add(1, Ordering::Relaxed);
        let read_only = File::open(self.trail.path()).expect("the file");
        self.trail.state.lock().expect("lock").file = read_only;
        let outcome = Outcome { identifier: Some("arn:x".to_owned()), ..Outcome::default() };
        self.succeeds.then_some(outcome).ok_or_else(|| Error::new(ErrorKind::Quota, "the cloud said no"))
    }
}

#[async_trait]
impl Provider for Meanwhile {
    async fn grant_task_access(&self, _: &[Arc<Checked<TaskAccess>>]) -> Result<Permissions> {
        Ok(Permissions::default())
    }

    async fn enable_registry(&self, _: &[Checked<RegistryAccess>]) -> Result<Desired> {
        Ok(Desired::default())
    }

    async fn bind_scope(&self, _: &[Checked<ScopeBinding>], _: &Permissions) -> Result<Bound> {
        Ok(Bound::default())
    }
}

#[tokio::test]
async fn what_came_of_a_change_is_told_though_it_cannot_be_written_down_and_nothing_else_is_tried() {
    for succeeds in [true, false] {
        let folder = tempfile::tempdir().expect("a folder");
        let trail = Arc::new(Trail::open(&trail(&folder)).expect("open"));
        let provider = Meanwhile { trail: trail.clone(), succeeds, tries: AtomicU64::new(0) };
        let writer = Writer::new(Backends::cloud(&provider), Some(&trail));
        let change = Change {
            action: Action::Create,
            id: ObjectId::new("iam-role", "one"),
            because: Vec::new(),
            before: None,
            after: None,
            known_after_apply: Vec::new(),
            ownership: Ownership::Exclusive,
            depends_on: Vec::new(),
            handoff: None,
            warning: None,
        };
        let stack = Stack::parse("acme").expect("a stack");
        let approved = Plan::new("fake", stack, vec![change.clone()], 0, Vec::new()).approve(Approval::InAdvance);
        match writer.apply(approved.approved(&change), &[]).await {
            Ok(outcome) => {
                assert!(succeeds);
                assert_eq!(outcome.identifier.as_deref(), Some("arn:x"));
                assert!(outcome.remarks[0].contains("isn't in the audit trail"), "{:?}", outcome.remarks);
            }
            Err(error) => {
                let said = error.to_string();
                assert!(
                    !succeeds && said.contains("the cloud said no") && said.contains("isn't in it: can't write"),
                    "{said}"
                );
            }
        }
        assert!(writer.apply(approved.approved(&change), &[]).await.is_err());
        assert_eq!(provider.tries.load(Ordering::Relaxed), 1);
    }
}
