//! Handoffs that somebody confirmed: what counts as done, and what is to be taken back.

use std::sync::Arc;

use cloudgrant_core::{
    Action, Approval, Cancel, ErrorKind, Handoff, HowAsked, Object, ObjectId, Ownership, Plan, Report, Said, Settings,
    Silent,
};
use serde_json::json;

use crate::fake::{CONFIRMED, Fake, apply, engine, id, names, object};

/// A statement that somebody else writes, which names a role.
fn statement(document: &str) -> Object {
    Object {
        handoff: Some(Handoff::unseen("them", "allow it", document).naming(["role".to_owned()])),
        ownership: Ownership::Fragment { of: "their policy".to_owned() },
        ..object("statement", &["role"])
    }
}

fn remembering(objects: Vec<Object>) -> Arc<Fake> {
    let mut fake = Fake::wanting(objects);
    fake.remembers = true;
    fake.unique_ids.lock().expect("lock").insert("role".to_owned(), "one".to_owned());
    Arc::new(fake)
}

async fn plan(fake: &Arc<Fake>) -> Plan {
    engine(fake, Settings::default()).plan(&Silent).await.expect("a plan")
}

async fn say(fake: &Arc<Fake>, what: &ObjectId, said: Said) -> Option<Report> {
    let engine = engine(fake, Settings::default());
    let plan = engine.plan(&Silent).await.expect("a plan");
    let confirming = engine.confirming(&plan, what, said).expect("it can be said")?;
    let report = engine.confirm(confirming, Approval::InAdvance, &Silent, &Cancel::default()).await;
    Some(report.expect("a report"))
}

async fn refusal(fake: &Arc<Fake>, what: &ObjectId) -> cloudgrant_core::Error {
    let engine = engine(fake, Settings::default());
    let plan = engine.plan(&Silent).await.expect("a plan");
    engine.confirming(&plan, what, Said::Done).expect_err("it is refused")
}

/// What a plan asks of others, and what it takes for done.
fn told(plan: &Plan) -> (Vec<&str>, Vec<&str>) {
    let asked = plan.changes.iter().filter(|change| change.action == Action::Handoff);
    (names(asked), plan.confirmed.iter().map(|one| one.object.name.as_str()).collect())
}

#[tokio::test(start_paused = true)]
async fn what_was_confirmed_counts_for_that_document_and_those_principals_alone() {
    let fake = remembering(vec![object("role", &[]), statement("as follows")]);
    apply(&fake).await;
    assert_eq!(told(&plan(&fake).await), (vec!["statement"], vec![]));
    let report = say(&fake, &id("statement"), Said::Done).await.expect("it is written");
    assert!(report.is_success() && report.applied.len() == 1, "{report:?}");
    let seen = plan(&fake).await;
    assert_eq!(told(&seen), (vec![], vec!["statement"]));
    assert!(seen.is_empty() && !seen.has_drift() && seen.summary().handoff == 0, "{seen:?}");
    assert!(say(&fake, &id("statement"), Said::Done).await.is_none(), "it is known");

    // The role was made anew.
    fake.unique_ids.lock().expect("lock").insert("role".to_owned(), "two".to_owned());
    let seen = plan(&fake).await;
    assert_eq!(told(&seen), (vec!["statement"], vec![]));
    assert!(seen.changes[0].warning.as_ref().is_some_and(|warning| warning.contains("confirmed on 20")), "{seen:?}");
    say(&fake, &id("statement"), Said::Done).await.expect("it is written");
    assert_eq!(told(&plan(&fake).await), (vec![], vec!["statement"]));

    fake.want(vec![object("role", &[]), statement("otherwise")]);
    assert_eq!(told(&plan(&fake).await), (vec!["statement"], vec![]));
    fake.want(vec![object("role", &[]), statement("as follows")]);
    assert_eq!(told(&plan(&fake).await), (vec![], vec!["statement"]));
    say(&fake, &id("statement"), Said::NotDone).await.expect("it is forgotten");
    assert_eq!(told(&plan(&fake).await), (vec!["statement"], vec![]));
    assert!(say(&fake, &id("statement"), Said::NotDone).await.is_none(), "it is forgotten already");
    let left = fake.world.lock().expect("lock").keys().filter(|id| id.name.starts_with(CONFIRMED)).count();
    assert_eq!(left, 0);
}

#[tokio::test(start_paused = true)]
async fn what_needs_an_apply_first_or_nobody_s_word_is_refused() {
    let fake = remembering(vec![object("role", &[]), statement("as follows")]);
    let error = refusal(&fake, &id("statement")).await;
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.hint_text().is_some_and(|hint| hint.contains("apply first: `cloudgrant apply`")), "{error}");
    assert!(fake.world.lock().expect("lock").is_empty());

    let mut seen = statement("as follows");
    seen.handoff.as_mut().expect("one").verifiable = true;
    fake.want(vec![object("role", &[]), seen]);
    apply(&fake).await;
    assert_eq!(refusal(&fake, &id("statement")).await.kind(), ErrorKind::Unsupported);
    // A provider without marks.
    let fake = Arc::new(Fake::wanting(vec![object("role", &[]), statement("as follows")]));
    apply(&fake).await;
    assert_eq!(refusal(&fake, &id("statement")).await.kind(), ErrorKind::Unsupported);
}

/// What can be seen by now, a confirmation of before doesn't outweigh.
#[tokio::test(start_paused = true)]
async fn what_was_confirmed_and_isn_t_seen_is_to_be_done_again() {
    let fake = remembering(vec![object("role", &[]), statement("as follows")]);
    apply(&fake).await;
    say(&fake, &id("statement"), Said::Done).await.expect("it is written");
    let doubts = |plan: &Plan| {
        let warnings = plan.changes.iter().filter_map(|change| change.warning.as_deref());
        warnings.filter(|warning| warning.contains("doesn't show that it is done")).count()
    };
    assert_eq!(doubts(&plan(&fake).await), 0, "nobody can see it");
    let mut seen = statement("as follows");
    seen.handoff.as_mut().expect("one").verifiable = true;
    fake.want(vec![object("role", &[]), seen]);
    let now = plan(&fake).await;
    assert_eq!((told(&now), doubts(&now)), ((vec!["statement"], vec![]), 1), "{now:?}");
    assert!(now.stays.is_empty(), "{now:?}");
}

#[tokio::test(start_paused = true)]
async fn what_nothing_wants_any_more_is_to_be_taken_back_until_that_is_confirmed() {
    let fake = remembering(vec![object("role", &[]), statement("as follows")]);
    apply(&fake).await;
    say(&fake, &id("statement"), Said::Done).await.expect("it is written");
    fake.want(vec![object("role", &[])]);
    for _ in 0..2 {
        let seen = plan(&fake).await;
        assert!(seen.is_empty() && seen.has_drift(), "{seen:?}");
        let [asked] = seen.changes.as_slice() else { panic!("{seen:?}") };
        let how = asked.handoff.as_ref().expect("a handoff");
        assert!(how.takes_back && how.document.contains("thing statement"), "{how:?}");
        let [stays] = seen.stays.as_slice() else { panic!("{seen:?}") };
        assert_eq!(stays.object, asked.id);
        assert!(stays.reason.contains("`cloudgrant done "), "{}", stays.reason);
        apply(&fake).await;
    }
    let asked = plan(&fake).await.changes[0].id.clone();
    say(&fake, &asked, Said::Done).await.expect("it is forgotten");
    let seen = plan(&fake).await;
    assert!(seen.changes.is_empty() && seen.stays.is_empty() && !seen.has_drift(), "{seen:?}");
}

#[tokio::test(start_paused = true)]
async fn what_cloudgrant_does_by_itself_is_nobody_s_to_take_back() {
    let fake = remembering(vec![object("role", &[]), statement("as follows")]);
    apply(&fake).await;
    say(&fake, &id("statement"), Said::Done).await.expect("it is written");
    fake.want(vec![object("role", &[]), Object { handoff: None, ..statement("as follows") }]);
    let seen = plan(&fake).await;
    assert!(seen.stays.is_empty() && told(&seen) == (vec![], vec![]), "{seen:?}");
    let actions: Vec<_> = seen.work().map(|change| change.action).collect();
    assert_eq!(actions, [Action::Create, Action::Delete], "the mark goes once the same is there");
    apply(&fake).await;
    // Somebody else's again: nobody has confirmed that.
    fake.want(vec![object("role", &[]), statement("as follows")]);
    fake.world.lock().expect("lock").remove(&id("statement"));
    assert_eq!(told(&plan(&fake).await), (vec!["statement"], vec![]));
}

#[tokio::test(start_paused = true)]
async fn a_mark_that_somebody_edited_confirms_nothing_and_is_told() {
    let fake = remembering(vec![object("role", &[]), statement("as follows")]);
    apply(&fake).await;
    say(&fake, &id("statement"), Said::Done).await.expect("it is written");
    let mark = {
        let mut world = fake.world.lock().expect("lock");
        let (id, found) = world.iter_mut().find(|(id, _)| id.name.starts_with(CONFIRMED)).expect("a mark");
        found.attributes = json!({ "handoff": "thing statement" }).into();
        id.clone()
    };
    let seen = plan(&fake).await;
    assert_eq!(told(&seen), (vec!["statement"], vec![]));
    let written: Vec<_> = seen.work().map(|change| (change.action, &change.id)).collect();
    assert_eq!(written, [(Action::Update, &mark)], "it stays, and gives nobody anything");
    apply(&fake).await;
    let seen = plan(&fake).await;
    assert!(seen.is_empty(), "nobody deletes it: {seen:?}");
    assert_eq!(seen.stays.iter().map(|stays| &stays.object).collect::<Vec<_>>(), [&mark]);
    assert!(seen.stays[0].reason.contains("somebody has edited it"), "{:?}", seen.stays);
}

/// One object that is asked for in two ways is two handoffs: what somebody did for the one is taken back, whatever is done for the other.
#[tokio::test(start_paused = true)]
async fn who_did_what_was_asked_for_in_one_way_did_nothing_of_another() {
    let by = |form: &str| {
        let mut object = statement("as follows");
        let handoff = object.handoff.take().expect("one");
        Object { handoff: Some(handoff.asked_as(HowAsked::of([("form", form.to_owned())]))), ..object }
    };
    let fake = remembering(vec![object("role", &[]), by("letter")]);
    apply(&fake).await;
    say(&fake, &id("statement"), Said::Done).await.expect("it is written");
    assert_eq!(told(&plan(&fake).await), (vec![], vec!["statement"]));

    fake.want(vec![object("role", &[]), by("telephone")]);
    let seen = plan(&fake).await;
    let asked: Vec<_> = seen.changes.iter().map(|change| change.handoff.as_ref().expect("one").takes_back).collect();
    assert_eq!(asked, [false, true], "{seen:?}");
    let back = seen.changes[1].id.clone();
    assert!(seen.changes[0].id == id("statement") && back != seen.changes[0].id, "{seen:?}");
    assert!(seen.changes[1].handoff.as_ref().is_some_and(|asked| asked.document.contains("form: letter")), "{seen:?}");
    assert_eq!(seen.stays.iter().map(|stays| &stays.object).collect::<Vec<_>>(), [&back]);

    say(&fake, &id("statement"), Said::Done).await.expect("it is written");
    let seen = plan(&fake).await;
    assert_eq!(seen.confirmed.len(), 1);
    assert_eq!(seen.stays.len(), 1, "the first is still to be taken back: {seen:?}");
    let back = seen.stays[0].object.clone();
    say(&fake, &back, Said::Done).await.expect("it is forgotten");
    let seen = plan(&fake).await;
    assert!(seen.stays.is_empty() && seen.confirmed.len() == 1, "{seen:?}");
}

/// What an earlier version wrote says nothing of how: it counts as before, and is written anew with what is confirmed next.
#[tokio::test(start_paused = true)]
async fn an_earlier_mark_counts_as_it_did_and_gets_a_new_name_with_the_next_word() {
    let fake = remembering(vec![object("role", &[]), statement("as follows")]);
    apply(&fake).await;
    say(&fake, &id("statement"), Said::Done).await.expect("it is written");
    let mut asked = statement("as follows");
    asked.handoff = asked.handoff.map(|handoff| handoff.asked_as(HowAsked::of([("form", "letter".to_owned())])));
    fake.want(vec![object("role", &[]), asked.clone()]);
    let seen = plan(&fake).await;
    assert!(told(&seen) == (vec![], vec!["statement"]) && seen.is_empty() && seen.stays.is_empty(), "{seen:?}");
    asked.handoff.as_mut().expect("one").document = "otherwise".to_owned();
    fake.want(vec![object("role", &[]), asked]);
    let report = say(&fake, &id("statement"), Said::Done).await.expect("it is written");
    assert_eq!(report.applied.len(), 2, "one comes, and the former goes: {report:?}");
    let marks = fake.world.lock().expect("lock").keys().filter(|id| id.name.starts_with(CONFIRMED)).count();
    assert_eq!((marks, told(&plan(&fake).await)), (1, (vec![], vec!["statement"])));
}
