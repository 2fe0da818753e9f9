use cloudgrant_flyte_sandbox::{Seed, start, start_with};
use cloudgrant_sandbox_kit::{Start, registry};
use serde_json::json;

use crate::client::Flyte;
use crate::{CLUSTER, PAIR, cluster, of_cluster, values};

/// The same folder with another process, as it were.
pub(crate) async fn again(flyte: Flyte, seed: Seed) -> Flyte {
    let Flyte { running, folder, .. } = flyte;
    running.stop().await;
    Flyte::start_in(folder, seed).await
}

#[tokio::test]
async fn what_was_answered_outlives_the_process() {
    let flyte = Flyte::start().await;
    flyte.put(PAIR, cluster(json!({"a": "b"}))).await.ok();
    flyte.archive("flytesnacks").await;
    let seed = Seed { projects: vec!["flytesnacks".to_owned(), "vision".to_owned()], ..Seed::default() };
    let flyte = again(flyte, seed).await;
    assert_eq!(flyte.get("/api/v1/projects/flytesnacks").await.ok()["state"], "ARCHIVED");
    flyte.put("/api/v1/projects/flytesnacks", json!({})).await.ok();
    assert_eq!(values(&flyte.get(&format!("{PAIR}{CLUSTER}")).await.ok()), &json!({"a": "b"}));
    flyte.get("/api/v1/projects/vision").await.ok();
}

/// Everybody replaces the whole record: one of them wins, and nothing is mixed.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn several_writers_never_leave_half_a_record() {
    let flyte = std::sync::Arc::new(Flyte::start().await);
    let writers = (0..8).map(|writer| {
        let flyte = std::sync::Arc::clone(&flyte);
        tokio::spawn(async move {
            for round in 0..10 {
                let mark = format!("{writer}.{round}");
                flyte.put(PAIR, cluster(json!({"a": mark, "b": mark}))).await.ok();
                let read = flyte.get(&format!("{PAIR}{CLUSTER}")).await;
                if read.status == 200 {
                    assert_eq!(values(&read.body)["a"], values(&read.body)["b"]);
                }
                if round % 3 == 0 {
                    flyte.delete(PAIR, of_cluster()).await.ok();
                }
            }
        })
    });
    for writer in writers.collect::<Vec<_>>() {
        writer.await.expect("a writer that did not fail");
    }
}

#[tokio::test]
async fn it_starts_from_a_manifest_by_its_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let manifest = json!({"platform": {"kind": "flyte", "projects": ["vision"], "domains": ["production"]}});
    let running = registry::start("flyte", Start::new(folder.path()).config(manifest)).await.expect("it starts");
    let url = format!("{}/api/v1/projects/vision", running.endpoint());
    let answer = reqwest::Client::builder().no_proxy().build().expect("a client").get(url).send().await;
    let text = answer.expect("an answer").text().await.expect("a body");
    assert!(text.contains(r#""domains":[{"id":"production","name":"production"}]"#), "{text}");
}

#[tokio::test]
async fn what_can_not_be_is_refused_at_the_start() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut seed = Seed::default();
    seed.custom_data.entry("production".to_owned()).or_default().insert("domain".to_owned(), "x".to_owned());
    let error = start_with(Start::new(folder.path()), seed).await.expect_err("the sync would fail");
    assert!(error.to_string().contains("`domain`"), "{error}");
    let knobs = "quota.Roles=1".parse().expect("knobs");
    start(Start::new(folder.path()).knobs(knobs)).await.expect_err("no such quota");
    let mut elsewhere = Start::new(folder.path());
    elsewhere.address = "0.0.0.0:0".parse().expect("an address");
    start(elsewhere).await.expect_err("not on loopback");
}
