//! Whoever answers in a cluster's place and doesn't come to an end.

use std::sync::Arc;

use cloudgrant_core::{Backend as _, ErrorKind, Stack};
use cloudgrant_platform_kubernetes::ServiceAccounts;
use cloudgrant_sandbox_kit::{Handler, Plain, Request, Response, Server, async_trait};
use reqwest::StatusCode;
use serde_json::json;

/// What a server has no end of.
#[derive(Debug, Clone, Copy)]
enum Endless {
    /// Every page goes on at the same place.
    Pages,
    /// One answer.
    Answer,
}

#[async_trait]
impl Handler for Endless {
    async fn handle(&self, _: Request) -> Response {
        let list =
            json!({ "kind": "ServiceAccountList", "apiVersion": "v1", "items": [], "metadata": { "continue": "a" } });
        let filling = match self {
            Self::Pages => 0,
            Self::Answer => 65 * 1024 * 1024,
        };
        Response::new(StatusCode::OK, format!("{}{list}", " ".repeat(filling)))
    }
}

#[tokio::test]
async fn a_cluster_without_an_end_fills_no_memory_and_keeps_nobody() {
    for (endless, said) in
        [(Endless::Pages, "goes on where it was before"), (Endless::Answer, "is larger than 67108864 bytes")]
    {
        let address = "127.0.0.1:0".parse().expect("an address");
        let server = Server::start(address, Plain, Arc::new(endless)).await.expect("a server");
        let kubeconfig = json!({
            "apiVersion": "v1", "kind": "Config", "current-context": "it",
            "clusters": [{ "name": "it", "cluster": { "server": format!("http://{}", server.address()) } }],
            "users": [{ "name": "it", "user": {} }],
            "contexts": [{ "name": "it", "context": { "cluster": "it", "user": "it" } }],
        });
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("kubeconfig");
        std::fs::write(&file, kubeconfig.to_string()).expect("written");
        let accounts = ServiceAccounts::new(&Stack::parse("acme").expect("a stack"), "home").in_sandbox(file);
        let refused = accounts.marked().await.expect_err("no end");
        assert_eq!(refused.kind(), ErrorKind::Unexpected, "{refused}");
        assert!(refused.to_string().contains(said), "{refused}");
    }
}
