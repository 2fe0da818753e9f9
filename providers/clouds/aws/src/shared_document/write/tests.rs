//! What others do to a policy between one request and the next.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use cloudgrant_core::ErrorKind;
use cloudgrant_sandbox_kit::{Handler, Plain, Request, Response, Server, async_trait};
use http::StatusCode;
use serde_json::{Value, json};

use crate::Aws;
use crate::error::answered;
use crate::resources::kinds::repository::Repository;
use crate::resources::locator::Locator;
use crate::shared_document::deleted_principals::of_a_principal;
use crate::shared_document::write::*;
use crate::tests::{config, connected};

/// For an answer to arrive.
const A_WHILE: Duration = Duration::from_millis(50);

/// A request, with its number among those of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Call {
    Reads(usize),
    Writes(usize),
}

use Call::{Reads, Writes};

/// What somebody else does.
enum Edit {
    Puts(&'static str),
    Takes(&'static str),
    /// Deletes the role that a statement names.
    Kills(&'static str),
}

/// What happens at which request.
#[derive(Default)]
struct Script {
    /// What somebody does before it is carried out.
    edits: Vec<(Call, Edit)>,
    /// Requests that wait until another was answered.
    held: Vec<(Call, Call)>,
    /// Writes that are refused, whatever they say.
    refused: Vec<usize>,
    /// Writes that are carried out, and answered with an error of ECR's own.
    astray: Vec<usize>,
    /// Readings that show what was there at first.
    old: Vec<usize>,
}

/// A repository's policy, as ECR keeps it.
struct Ecr {
    script: Script,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    statements: Vec<Value>,
    reads: usize,
    writes: usize,
    answered: Vec<Call>,
}

#[async_trait]
impl Handler for Ecr {
    async fn handle(&self, request: Request) -> Response {
        let reads = request.header("x-amz-target").expect("a target").ends_with("GetRepositoryPolicy");
        let call = {
            let mut state = self.state.lock().expect("a lock");
            let count = if reads { &mut state.reads } else { &mut state.writes };
            *count += 1;
            if reads { Reads(*count) } else { Writes(*count) }
        };
        for (_, until) in self.script.held.iter().filter(|(held, _)| *held == call) {
            while !self.state.lock().expect("a lock").answered.contains(until) {
                tokio::time::sleep(A_WHILE / 10).await;
            }
            tokio::time::sleep(A_WHILE).await;
        }
        let mut state = self.state.lock().expect("a lock");
        for (_, edit) in self.script.edits.iter().filter(|(at, _)| *at == call) {
            state.edit(edit);
        }
        let response = match call {
            Writes(number) if self.script.refused.contains(&number) => principal_not_found(),
            Writes(_) => state.write(&serde_json::from_slice(&request.body).expect("JSON")),
            Reads(number) if self.script.old.contains(&number) => {
                answer(200, &json!({ "policyText": json!({ "Statement": [statement("A")] }).to_string() }))
            }
            Reads(_) => answer(200, &json!({ "policyText": json!({ "Statement": state.statements }).to_string() })),
        };
        state.answered.push(call);
        if let Writes(number) = call
            && self.script.astray.contains(&number)
        {
            return answer(500, &json!({ "__type": "ServerException", "message": "" }));
        }
        response
    }
}

impl State {
    fn edit(&mut self, edit: &Edit) {
        match edit {
            Edit::Puts(sid) => self.statements.push(statement(sid)),
            Edit::Takes(sid) => self.statements.retain(|statement| statement["Sid"] != *sid),
            Edit::Kills(sid) => {
                let known = self.statements.iter_mut().find(|statement| statement["Sid"] == *sid);
                known.expect("a statement")["Principal"] = json!({ "AWS": "AROAEXAMPLE" });
            }
        }
    }

    /// Takes no document with a principal that was deleted.
    fn write(&mut self, body: &Value) -> Response {
        let text = body["policyText"].as_str().expect("a policy");
        if text.contains("AROA") {
            return principal_not_found();
        }
        let policy: Value = serde_json::from_str(text).expect("JSON");
        self.statements = policy["Statement"].as_array().expect("statements").clone();
        answer(200, &json!({ "policyText": text }))
    }
}

fn answer(status: u16, body: &Value) -> Response {
    Response::new(StatusCode::from_u16(status).expect("a status"), body.to_string())
}

fn principal_not_found() -> Response {
    let message = "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Principal not found'";
    answer(400, &json!({ "__type": "InvalidParameterException", "message": message }))
}

fn statement(sid: &str) -> Value {
    json!({
        "Sid": sid,
        "Effect": "Allow",
        "Principal": { "AWS": "arn:aws:iam::111122223333:role/x" },
        "Action": ["ecr:BatchGetImage"],
    })
}

/// A repository with a statement `A`, the stack that has a part in it, and what happens meanwhile.
struct World {
    aws: Aws,
    repository: Repository,
    ecr: Arc<Ecr>,
    _server: Server,
}

impl World {
    async fn new(script: Script) -> Self {
        let state = Mutex::new(State { statements: vec![statement("A")], ..State::default() });
        let ecr = Arc::new(Ecr { script, state });
        let server = Server::start("127.0.0.1:0".parse().expect("an address"), Plain, ecr.clone()).await;
        let server = server.expect("a server");
        let aws = connected("flyte", config(&format!("http://{}", server.address()))).await;
        let locator = Locator::parse("arn:aws:ecr:us-west-2:111122223333:repository/shared").expect("a locator");
        let Locator::Repository(repository) = locator else { panic!("{locator:?}") };
        Self { aws, repository, ecr, _server: server }
    }

    /// Puts the stack's statement into the policy.
    async fn put(&self) -> Result<Vec<String>> {
        let sid = self.ours();
        let (shared, statement) = (Shared::Repository(self.repository.clone()), statement(&sid));
        change(&self.aws, &shared, &sid, &statement).write(&self.aws.writers).await
    }

    fn ours(&self) -> String {
        self.aws.names.sid_of_registry("")
    }

    /// The Sids of the policy, and how often it was written.
    fn end(&self) -> (Vec<String>, usize) {
        let state = self.ecr.state.lock().expect("a lock");
        let sids = state.statements.iter().map(|statement| statement["Sid"].as_str().expect("a Sid").to_owned());
        (sids.collect(), state.writes)
    }
}

fn change<'a>(aws: &'a Aws, shared: &'a Shared, sid: &'a str, statement: &'a Value) -> StatementChange<'a> {
    StatementChange {
        clients: &aws.clients,
        names: &aws.names,
        made: aws.inventory.made(),
        request_timeout: aws.config.request_timeout.0,
        shared,
        sid,
        statement: Some(statement),
    }
}

/// Two readings come before the first write, the third beside it.
const BESIDE: (Call, Call) = (Writes(1), Reads(3));

#[tokio::test]
async fn what_a_write_overwrote_is_put_back() {
    let edits = vec![(Reads(3), Edit::Puts("P"))];
    let world = World::new(Script { edits, held: vec![BESIDE], ..Script::default() }).await;
    let remarks = world.put().await.expect("written");
    assert_eq!(world.end(), (vec!["A".to_owned(), world.ours(), "P".to_owned()], 2));
    // Nobody's edit is put back in silence: it may have been seen in an old reading.
    let [remark] = remarks.as_slice() else { panic!("{remarks:?}") };
    assert!(remark.contains("the policy of repository shared") && remark.contains("`P` was put back"), "{remark}");
}

#[tokio::test]
async fn what_a_write_overwrote_is_put_back_though_its_answer_went_astray() {
    let edits = vec![(Reads(3), Edit::Puts("P"))];
    let world = World::new(Script { edits, held: vec![BESIDE], astray: vec![1], ..Script::default() }).await;
    // Whether the change succeeded is for another try to find out: that one reads the policy as it is by then.
    let _ = world.put().await;
    assert_eq!(world.end().0, ["A".to_owned(), world.ours(), "P".to_owned()]);
}

#[tokio::test]
async fn an_old_reading_after_a_write_is_waited_out() {
    // The reading beside the write, and the two after it, show what was there before.
    let world = World::new(Script { old: vec![3, 4, 5], held: vec![BESIDE], ..Script::default() }).await;
    assert!(world.put().await.expect("written").is_empty());
    assert_eq!(world.end(), (vec!["A".to_owned(), world.ours()], 1));
}

#[tokio::test]
async fn what_the_putting_back_overwrote_is_put_back_too() {
    let edits = vec![(Reads(3), Edit::Puts("P")), (Reads(5), Edit::Puts("Q"))];
    let held = vec![BESIDE, (Writes(2), Reads(5))];
    let world = World::new(Script { edits, held, ..Script::default() }).await;
    world.put().await.expect("written");
    assert_eq!(world.end(), (vec!["A".to_owned(), world.ours(), "P".to_owned(), "Q".to_owned()], 3));
}

#[tokio::test]
async fn who_wrote_after_a_write_has_the_last_word_on_what_it_overwrote() {
    // Beside the first write, `P` comes and `A` goes; then somebody puts only `P` there again.
    let beside = [(Reads(3), Edit::Puts("P")), (Reads(3), Edit::Takes("A"))];
    let edits = beside.into_iter().chain([(Reads(4), Edit::Puts("P"))]).collect();
    let world = World::new(Script { edits, held: vec![BESIDE], ..Script::default() }).await;
    world.put().await.expect("written");
    assert_eq!(world.end(), (vec!["A".to_owned(), world.ours(), "P".to_owned()], 1));
}

#[tokio::test]
async fn who_undoes_a_putting_back_has_the_last_word() {
    // The second write puts `P` there again; whoever put it takes it out once more, and does something else.
    let after = [(Reads(6), Edit::Takes("P")), (Reads(6), Edit::Puts("Q"))];
    let edits = [(Reads(3), Edit::Puts("P"))].into_iter().chain(after).collect();
    let world = World::new(Script { edits, held: vec![BESIDE], ..Script::default() }).await;
    world.put().await.expect("written");
    assert_eq!(world.end(), (vec!["A".to_owned(), world.ours(), "Q".to_owned()], 2));
}

#[tokio::test]
async fn who_wrote_between_two_tries_has_the_last_word() {
    // Nobody can put `P` back. Before the next try, somebody makes the policy writable, and leaves it without `P`.
    let ours = World::new(Script::default()).await.ours().leak();
    let beside = [(Reads(3), Edit::Puts("P")), (Reads(4), Edit::Kills("A"))];
    let since = [(Reads(7), Edit::Takes("A")), (Reads(7), Edit::Puts("B"))];
    let edits = beside.into_iter().chain(since).collect();
    let world = World::new(Script { edits, held: vec![BESIDE], ..Script::default() }).await;
    world.put().await.expect_err("refused");
    let remarks = world.put().await.expect("written");
    assert_eq!(world.end().0, [ours, "B"]);
    let [remark] = remarks.as_slice() else { panic!("{remarks:?}") };
    assert!(remark.ends_with("and once more since: see whether it should have `P`"), "{remark}");
}

#[tokio::test]
async fn what_a_write_overwrote_is_put_back_though_ours_is_refused_by_then() {
    let ours = World::new(Script::default()).await.ours().leak();
    let edits = vec![(Reads(3), Edit::Puts("P")), (Reads(4), Edit::Kills(ours))];
    // The second write names a principal that is there no more; the third leaves ours out.
    let script = Script { edits, held: vec![BESIDE], refused: vec![2], ..Script::default() };
    let world = World::new(script).await;
    let error = world.put().await.expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::NotYet, "{error:?}");
    let put_back = "`P` was put back";
    let meanwhile = error.context().iter().find(|(key, _)| *key == "meanwhile").map(|(_, what)| what.as_str());
    assert!(meanwhile.is_some_and(|what| what.contains(put_back)), "{error:?}");
    assert_eq!(world.end(), (vec!["A".to_owned(), "P".to_owned()], 3));
    // What the engine tries again has the report of all of its tries.
    let remarks = world.put().await.expect("written");
    assert!(remarks.iter().any(|remark| remark.contains(put_back)), "{remarks:?}");
}

#[tokio::test]
async fn what_a_write_overwrote_and_nobody_can_put_back_is_told() {
    // After the first write, somebody deletes the role that `A` names: nobody can write the policy any more.
    let edits = vec![(Reads(3), Edit::Puts("P")), (Reads(4), Edit::Kills("A"))];
    let world = World::new(Script { edits, held: vec![BESIDE], ..Script::default() }).await;
    let error = world.put().await.expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error:?}");
    let told = error.context().iter().find(|(key, _)| *key == "overwritten").map(|(_, what)| what.as_str());
    let expected = "somebody else wrote the policy of repository shared at the same time, and it isn't as they made it: it \
                    should have `P`";
    assert_eq!(told, Some(expected), "{error:?}");
    assert_eq!(world.end(), (vec!["A".to_owned(), world.ours()], 3));
}

#[tokio::test]
async fn beside_a_write_that_was_refused_nothing_was_overwritten() {
    let edits = vec![(Reads(3), Edit::Puts("P")), (Reads(4), Edit::Takes("P"))];
    let world = World::new(Script { edits, held: vec![BESIDE], refused: vec![1], ..Script::default() }).await;
    let error = world.put().await.expect_err("refused");
    assert_eq!(error.kind(), ErrorKind::NotYet, "{error:?}");
    world.put().await.expect("written");
    assert_eq!(world.end(), (vec!["A".to_owned(), world.ours()], 2));
}

#[tokio::test]
async fn a_reading_that_the_write_overtook_shows_nothing_that_was_overwritten() {
    let edits = vec![(Reads(1), Edit::Puts("P")), (Reads(3), Edit::Takes("P")), (Reads(4), Edit::Puts("P"))];
    let world = World::new(Script { edits, held: vec![(Reads(3), Writes(1))], ..Script::default() }).await;
    world.put().await.expect("written");
    assert_eq!(world.end(), (vec!["A".to_owned(), world.ours(), "P".to_owned()], 1));
}

/// A role that one narrower scope has, and that somebody deleted, takes nothing from the others.
#[test]
fn who_is_alive_in_a_statement_keeps_it() {
    let policy = |value: &Value| Policy::parse(&value.to_string()).expect("a policy");
    let ours = |principals: Value| {
        json!({"Sid": "MarkKeep", "Effect": "Allow", "Principal": {"AWS": principals}, "Action": "ecr:BatchGetImage",
               "Condition": {"StringLike": {"x": ["b", "a"]}}})
    };
    let (one, other) = ("arn:aws:iam::1:role/x", "arn:aws:iam::1:role/y");
    for (there, left) in [
        (json!([one, "AROAEXAMPLE"]), json!([one])),
        (json!(["AROAEXAMPLE", other, "AIDAEXAMPLE", one]), json!([other, one])),
        (json!(one), json!(one)),
    ] {
        let document = json!({"Statement": [ours(there)]});
        assert_eq!(without_dead(policy(&document), "Mark"), Some(policy(&json!({"Statement": [ours(left)]}))));
    }
    for there in [json!(["AROAEXAMPLE"]), json!("AROAEXAMPLE")] {
        assert_eq!(without_dead(policy(&json!({"Statement": [ours(there)]})), "Mark"), None);
    }
}

#[test]
fn dead_statements_of_ours_go_and_those_of_others_stay() {
    let policy = |value: &Value| Policy::parse(&value.to_string()).expect("a policy");
    let dead = |sid: &str| json!({"Sid": sid, "Effect": "Allow", "Principal": {"AWS": ["AROAEXAMPLE"]}});
    let live = json!({"Sid": "Mark1", "Effect": "Allow", "Principal": {"AWS": ["arn:aws:iam::1:role/x"]}});
    let document = json!({"Statement": [dead("Mark2"), live, dead("Theirs")]});
    let left = json!({"Statement": [live, dead("Theirs")]});
    assert_eq!(without_dead(policy(&document), "Mark"), Some(policy(&left)));
    assert_eq!(without_dead(policy(&json!({"Statement": [dead("Mark2")]})), "Mark"), None);
}

#[test]
fn older_words_are_of_a_principal_only_where_one_can_be_meant() {
    let role = "arn:aws:iam::111122223333:role/cloudgrant/tests/new";
    let made = HashSet::from([role.to_owned()]);
    let constraint = "Invalid parameter at 'PolicyText' failed to satisfy constraint";
    for (principal, said, kind) in [
        (role, "Invalid repository policy provided", ErrorKind::NotYet),
        ("AROAEXAMPLE", "Invalid repository policy provided", ErrorKind::NotYet),
        ("arn:aws:iam::111122223333:role/old", "Invalid repository policy provided", ErrorKind::Unexpected),
        (role, "Member must have length less than or equal to 10240", ErrorKind::Unexpected),
    ] {
        let message = format!("{constraint}: '{said}'");
        let error = answered("ecr:SetRepositoryPolicy", 400, "InvalidParameterException", &message);
        assert_eq!(error.kind(), ErrorKind::Unexpected);
        let text = format!(
            r#"{{"Statement":[{{"Sid":"A","Effect":"Allow","Principal":{{"AWS":"{principal}"}},"Action":"ecr:BatchGetImage"}}]}}"#
        );
        let policy = Policy::parse(&text).expect("a policy");
        let error = of_a_principal(error, &policy, &made);
        assert_eq!(error.kind(), kind, "{principal} {said}");
        assert!(error.context().iter().any(|(key, value)| *key == "AWS said" && value.contains(said)), "{error:?}");
    }
}

#[tokio::test]
async fn a_role_that_is_shown_by_its_id_for_a_while_is_nobody_s_edit() {
    let world = World::new(Script::default()).await;
    let (shared, statement) = (Shared::Repository(world.repository.clone()), json!({}));
    let change = change(&world.aws, &shared, "", &statement);
    let named = |principals: &Value, action: &str| {
        Statement::of(&json!({"Sid": "A", "Effect": "Allow", "Principal": {"AWS": principals}, "Action": action}))
    };
    let (arn, id) = ("arn:aws:iam::111122223333:role/x", "AROAEXAMPLE");
    let [by_arn, by_id] = [json!(arn), json!(id)].map(|principal| named(&principal, "ecr:Get"));
    assert!(change.says_the_same(&by_arn, &by_id) && change.says_the_same(&by_id, &by_arn));
    for (other, why) in [
        (named(&json!(id), "ecr:Put"), "another action is an edit"),
        (named(&json!([arn, id]), "ecr:Get"), "one more principal is an edit"),
        (named(&json!("arn:aws:iam::111122223333:role/y"), "ecr:Get"), "another role is an edit"),
    ] {
        assert!(!change.says_the_same(&by_arn, &other), "{why}");
    }
}

#[tokio::test]
async fn what_others_did_to_a_digit_is_put_back() {
    let world = World::new(Script::default()).await;
    let (shared, statement) = (Shared::Repository(world.repository.clone()), json!({}));
    let change = change(&world.aws, &shared, "", &statement);
    let with = |number: &str| {
        let text = r#"{"Statement":[{"Sid":"A","Condition":{"NumericLessThan":{"x":1.10}}}]}"#;
        Policy::parse(&text.replace("1.10", number)).expect("a policy")
    };
    let (before, beside) = (with("12345678901234567890123"), with("12345678901234567890124"));
    assert_ne!(before.statements, beside.statements);
    let back = change.with_parts(Some(before.clone()), &beside.statements, &before.statements);
    assert_eq!(back.map(|back| back.to_string()), Some(beside.to_string()));
}
