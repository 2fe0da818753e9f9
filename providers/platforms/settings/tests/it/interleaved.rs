//! A thousand others who write the same settings at any moment: nothing of theirs is lost, and nothing of ours is in the end. The
//! versions are locks.

use std::sync::{Arc, Mutex};

use cloudgrant_platform_tests::between::{Draw, Gate, Others, Passage, in_turn, say, serve};
use cloudgrant_sandbox_kit::{Handler, Request, Response, async_trait};
use reqwest::StatusCode;
use serde_json::{Value, json};

use crate::deployment::{ACCOUNT, Deployment, VISION, text};
use crate::stack::{Run, Runs as _};

/// Others who write the settings.
#[derive(Debug)]
struct Careless {
    deployment: Deployment,
    done: Mutex<Done>,
}

/// What others have done so far, and what came of ours.
#[derive(Debug, Default)]
struct Done {
    written: usize,
    /// Somebody careless: what they have read and write only later, with its version.
    stale: Option<(Value, u64)>,
    /// How often somebody careless was refused.
    refused: usize,
    /// How often ours were written, and how often that was refused, as somebody else was quicker.
    writes: usize,
    outrun: usize,
}

#[async_trait]
impl Others for Careless {
    /// Each adds an annotation of their own, at once, or replaces all by what they read a while ago.
    async fn act(&self, draw: &Draw) {
        match draw.below(6) {
            0 => {
                let stale = self.done.lock().expect("a lock").stale.take();
                if let Some((settings, version)) = stale {
                    let now = self.deployment.version(VISION).await;
                    let (status, answer) = self.deployment.put_over(VISION, &settings, version).await;
                    assert_eq!(status == 200, version == now, "{answer}");
                    self.done.lock().expect("a lock").refused += usize::from(status != 200);
                }
            }
            1 => {
                let (settings, version) =
                    (self.deployment.settings(VISION).await, self.deployment.version(VISION).await);
                self.done.lock().expect("a lock").stale = Some((settings, version));
            }
            _ => {
                let key = {
                    let mut done = self.done.lock().expect("a lock");
                    done.written += 1;
                    format!("other-{}", done.written)
                };
                self.deployment.annotate(VISION, &key).await;
            }
        }
    }

    fn passed(&self, request: &Request, status: StatusCode) {
        if request.path.ends_with("/CreateSettings") || request.path.ends_with("/UpdateSettings") {
            let mut done = self.done.lock().expect("a lock");
            done.writes += 1;
            done.outrun += usize::from(status != 200);
        }
    }
}

#[tokio::test]
async fn nothing_of_others_is_lost_at_any_moment() {
    let deployment = Deployment::start().await;
    let endpoint = deployment.running.endpoint().to_owned();
    let gate = Gate::before(&endpoint, 0, Careless { deployment, done: Mutex::default() });
    let (_server, endpoint) = serve(gate.clone()).await;
    let others = &gate.others;
    let mut run = Run::at(&endpoint);
    run.projects = &["vision"];
    let rounds = in_turn(&run, 5, || others.done.lock().expect("a lock").written).await;
    let done = std::mem::take(&mut *others.done.lock().expect("a lock"));
    let settings = others.deployment.settings(VISION).await;
    let there = &settings["annotations"]["mapValue"]["entries"];
    let lost: Vec<_> = (1..=done.written).map(|at| format!("other-{at}")).filter(|key| there[key].is_null()).collect();
    assert!(lost.is_empty(), "{lost:?}");
    let (written, writes, outrun, refused) = (done.written, done.writes, done.outrun, done.refused);
    let seen = format!(
        "{written} writes of others beside {writes} of ours in {rounds} rounds: {outrun} of ours were outrun, {refused} of others"
    );
    say(&format!("settings: {seen}"));
    assert!(outrun > rounds / 2 && refused > 0, "{seen}");
    // In peace, all is as it was asked for.
    let quiet = Run { projects: &["vision"], ..Run::of(&others.deployment) };
    assert!(quiet.revoke().await.is_success());
    let before = others.deployment.settings(VISION).await;
    assert!(quiet.apply().await.is_success());
    let now = others.deployment.unmarked(VISION).await;
    assert_eq!((&now["annotations"], &now["security"]["serviceAccount"]), (&before["annotations"], &text(ACCOUNT)));
    assert!(quiet.revoke().await.is_success());
    assert_eq!(others.deployment.settings(VISION).await, before);
}

/// Somebody who writes right before each write of ours, and never stops.
#[derive(Debug)]
struct Racer {
    deployment: Deployment,
    passage: Passage,
    calls: Mutex<Vec<String>>,
}

#[async_trait]
impl Handler for Racer {
    async fn handle(&self, request: Request) -> Response {
        let call = request.path.rsplit('/').next().unwrap_or_default().to_owned();
        if call.ends_with("eSettings") {
            self.deployment.annotate(VISION, "theirs").await;
        }
        self.calls.lock().expect("a lock").push(call);
        self.passage.pass(&request).await.1
    }
}

/// The first write makes a record, and is refused as there is one by then; those after it know a version, and another one is there.
#[tokio::test]
async fn who_is_always_outrun_gives_up_and_has_forced_nothing() {
    let deployment = Deployment::start().await;
    let passage = Passage::to(deployment.running.endpoint());
    let racer = Arc::new(Racer { deployment, passage, calls: Mutex::default() });
    let (_server, endpoint) = serve(racer.clone()).await;
    let run = Run { projects: &["vision"], ..Run::at(&endpoint) };
    let report = run.apply().await;
    let failed = &report.failed.first().expect("it failed").error;
    assert!(failed.message().contains("somebody else writes them at the same time"), "{failed}");
    assert!(failed.hint_text().is_some(), "{failed:?}");
    let unmarked = racer.deployment.settings(VISION).await;
    assert_eq!(unmarked, json!({ "annotations": crate::deployment::entries(&json!({ "theirs": "1" })) }));
    let calls = racer.calls.lock().expect("a lock").clone();
    assert!(calls.contains(&"CreateSettings".to_owned()), "{calls:?}");
    let pair = ["GetSettingsForEdit".to_owned(), "UpdateSettings".to_owned()];
    assert!(calls.windows(2).filter(|two| *two == pair).count() >= 5, "{calls:?}");
    assert!(
        !calls.windows(2).any(|two| two[0] != pair[0] && two[1] == pair[1]),
        "each write follows a read: {calls:?}"
    );
}
