//! What EKS shows of an association for a while after it was deleted.

use std::sync::{Arc, Mutex};

use cloudgrant_core::{Action, Attributes, Change, ErrorKind, ObjectId, Outcome, Ownership, Result};
use cloudgrant_sandbox_kit::{Handler, Plain, Request, Response, Server, async_trait};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::Aws;
use crate::objects;
use crate::objects::pod_identity_association::association::KIND;
use crate::tests::{config, connected};

const CLUSTER: &str = "arn:aws:eks:us-west-2:111122223333:cluster/blue";
const ROLE: &str = "arn:aws:iam::111122223333:role/cloudgrant/tests/cloudgrant_tests_production";

/// A service account's association, `a-old`, which has a session policy, so that it is deleted and made anew.
#[derive(Debug, Default)]
struct Eks {
    /// Whether the list still has what was deleted.
    lists_deleted: bool,
    /// Whether it is still described then.
    describes_deleted: bool,
    /// How many attempts at making one are refused after the deletion, as one is there already.
    in_use: Mutex<usize>,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    is_deleted: bool,
    is_made: bool,
    /// What was asked for, without what only reads.
    writes: Vec<&'static str>,
}

fn answer(status: u16, body: &Value) -> Response {
    Response::new(StatusCode::from_u16(status).expect("a status"), body.to_string())
}

fn of_eks(status: u16, code: &str) -> Response {
    answer(status, &json!({ "__type": code, "message": code }))
}

fn shown(id: &str, tags: &Value, policy: Option<&str>) -> Value {
    json!({
        "clusterName": "blue", "namespace": "vision", "serviceAccount": "default", "roleArn": ROLE,
        "associationArn": format!("arn:aws:eks:us-west-2:111122223333:podidentityassociation/blue/{id}"),
        "associationId": id, "tags": tags, "policy": policy, "disableSessionTags": policy.is_some(),
    })
}

fn tags() -> Value {
    json!({ "cloudgrant:stack": "tests", "cloudgrant:home": "111122223333" })
}

#[async_trait]
impl Handler for Eks {
    async fn handle(&self, request: Request) -> Response {
        let mut state = self.state.lock().expect("a lock");
        let id = request.path.split("/pod-identity-associations").nth(1).unwrap_or_default().trim_matches('/');
        let old = shown("a-old", &tags(), Some("{}"));
        match (request.method, id) {
            (Method::GET, "") => {
                let has_old = !state.is_deleted || self.lists_deleted && !state.is_made;
                let new = state.is_made.then(|| shown("a-new", &tags(), None));
                let listed: Vec<_> = has_old.then_some(old).into_iter().chain(new).collect();
                answer(200, &json!({ "associations": listed }))
            }
            (Method::GET, "a-old") if !state.is_deleted || self.describes_deleted => {
                answer(200, &json!({ "association": old }))
            }
            (Method::GET, "a-new") if state.is_made => {
                answer(200, &json!({ "association": shown("a-new", &tags(), None) }))
            }
            (Method::DELETE, "a-old") => {
                state.writes.push("delete");
                state.is_deleted = true;
                answer(200, &json!({ "association": old }))
            }
            (Method::POST, "") => {
                state.writes.push("create");
                let mut in_use = self.in_use.lock().expect("a lock");
                if *in_use > 0 {
                    *in_use -= 1;
                    return of_eks(409, "ResourceInUseException");
                }
                state.is_made = true;
                answer(200, &json!({ "association": shown("a-new", &tags(), None) }))
            }
            (Method::POST, _) => {
                state.writes.push("update");
                of_eks(404, "ResourceNotFoundException")
            }
            _ => of_eks(404, "ResourceNotFoundException"),
        }
    }
}

struct World {
    aws: Aws,
    eks: Arc<Eks>,
    _server: Server,
}

impl World {
    async fn new(eks: Eks) -> Self {
        let eks = Arc::new(eks);
        let server = Server::start("127.0.0.1:0".parse().expect("an address"), Plain, eks.clone()).await;
        let server = server.expect("a server");
        let aws = connected("flyte", config(&format!("http://{}", server.address()))).await;
        Self { aws, eks, _server: server }
    }

    /// Takes the session policy away.
    async fn change(&self) -> Result<Outcome> {
        let attributes = |policy: Option<&str>| {
            let mut all = json!({
                "cluster": CLUSTER, "namespace": "vision", "service_account": "default", "role": ROLE, "tags": tags(),
            });
            if let Some(policy) = policy {
                all["policy"] = policy.into();
                all["without_session_tags"] = true.into();
            }
            Attributes::from(all)
        };
        let change = Change {
            action: Action::Update,
            id: ObjectId::new(KIND, "us-west-2/blue/vision/default"),
            because: Vec::new(),
            before: Some(attributes(Some("{}"))),
            after: Some(attributes(None)),
            known_after_apply: Vec::new(),
            ownership: Ownership::Exclusive,
            depends_on: Vec::new(),
            handoff: None,
            warning: None,
        };
        objects::apply(self.aws.of_objects(), &change).await
    }

    fn writes(&self) -> Vec<&'static str> {
        self.eks.state.lock().expect("a lock").writes.clone()
    }
}

/// The list has it, and it is described as it was: it looks just like one of the stack's that is to be changed.
#[tokio::test]
async fn what_was_deleted_and_is_still_shown_is_neither_deleted_again_nor_changed() {
    let eks = Eks { lists_deleted: true, describes_deleted: true, in_use: 2.into(), ..Eks::default() };
    let world = World::new(eks).await;
    for attempt in 1..=2 {
        let error = world.change().await.expect_err("it is in the way");
        assert_eq!(error.kind(), ErrorKind::NotYet, "attempt {attempt}: {error:?}");
    }
    let outcome = world.change().await.expect("it is out of the way");
    assert!(outcome.identifier.is_some_and(|arn| arn.ends_with("/a-new")));
    assert_eq!(world.writes(), ["delete", "create", "create", "create"]);
}

/// The list alone has it: whoever asks for it is told that there is none.
#[tokio::test]
async fn what_was_deleted_and_is_only_still_listed_is_made_anew() {
    let eks = Eks { lists_deleted: true, in_use: 1.into(), ..Eks::default() };
    let world = World::new(eks).await;
    let error = world.change().await.expect_err("it is in the way");
    assert_eq!(error.kind(), ErrorKind::NotYet, "{error:?}");
    world.change().await.expect("it is out of the way");
    assert_eq!(world.writes(), ["delete", "create", "create"]);
}
