//! What others do while a change is made, between one request and the next.

mod written_down;

use cloudgrant_core::{Action, Change, ErrorKind, Object, ObjectId, Outcome, Ownership, Result, Scope};
use serde_json::{Value, json};

use crate::client::loopback::{self, Loopback, SUBSCRIPTION, refusal};
use crate::config::Config;
use crate::names::resource_id::ResourceId;
use crate::objects::handles::Handles;
use crate::objects::{apply, custom_role, federated_credential, managed_identity, role_assignment};
use crate::tests::connected;

const ROLE: &str = "2a2b9908-6ea1-4ae2-8e65-a410df84e7d1";
const NAME: &str = "cloudgrant_tests_production";

fn change(action: Action, id: ObjectId, before: Option<&Value>, after: Option<&Value>) -> Change {
    Change {
        action,
        id,
        because: Vec::new(),
        before: before.map(Into::into),
        after: after.map(Into::into),
        known_after_apply: Vec::new(),
        ownership: Ownership::Exclusive,
        depends_on: Vec::new(),
        handoff: None,
        warning: None,
    }
}

async fn put(handles: Handles<'_>, id: ObjectId, before: Option<&Value>, after: &Value) -> Result<Outcome> {
    apply(handles, &change(Action::Update, id, before, Some(after))).await
}

async fn delete(handles: Handles<'_>, id: ObjectId, before: &Value) -> Result<Outcome> {
    apply(handles, &change(Action::Delete, id, Some(before), None)).await
}

fn an_assignment() -> ObjectId {
    ObjectId::new(role_assignment::KIND, "somebody: Reader on dataplane")
}

fn the_identity() -> ObjectId {
    ObjectId::new(managed_identity::KIND, NAME)
}

fn a_credential() -> ObjectId {
    federated_credential::id(NAME, "c")
}

fn object(id: ObjectId, attributes: Value) -> Object {
    Object {
        id,
        scope: Scope::Global,
        attributes: attributes.into(),
        references: Vec::new(),
        depends_on: Vec::new(),
        because: Vec::new(),
        ownership: Ownership::Exclusive,
        touches: Vec::new(),
        handoff: None,
    }
}

fn group() -> String {
    format!("/subscriptions/{SUBSCRIPTION}/resourceGroups/dataplane")
}

fn id() -> String {
    format!("{}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/{NAME}", group())
}

/// The path of the list of identities.
fn identities() -> String {
    format!("/subscriptions/{SUBSCRIPTION}/providers/Microsoft.ManagedIdentity/userAssignedIdentities")
}

fn ours(principal: usize) -> Value {
    json!({
        "id": id(), "name": NAME, "location": "westeurope", "tags": { "cloudgrant:stack": "tests", "cloudgrant:home": format!("{SUBSCRIPTION}/dataplane") },
        "properties": {
            "principalId": format!("00000000-0000-0000-0000-00000000000{principal}"),
            "clientId": format!("00000000-0000-0000-0000-0000000000c{principal}"),
        },
    })
}

fn wanted() -> Value {
    json!({ "principal": id(), "role": "Reader", "role_id": ROLE, "scope": group() })
}

#[tokio::test]
async fn an_identity_that_was_made_anew_meanwhile_is_asked_for_again() {
    let cloud = Loopback::start(|request, nth| {
        if request.path == id() {
            return loopback::json(200, ours(nth));
        }
        let asked: Value = serde_json::from_slice(&request.body).expect("JSON");
        match asked["properties"]["principalId"].as_str() {
            Some(principal) if principal.ends_with('1') => {
                let made = json!({ "scope": group(), "roleDefinitionId": ROLE, "principalId": principal });
                loopback::json(201, json!({ "id": request.path, "name": "made", "properties": made }))
            }
            _ => refusal(400, "PrincipalNotFound"),
        }
    })
    .await;
    let azure = connected("flyte", cloud.config()).await;
    let error = put(azure.of_objects(), an_assignment(), None, &wanted()).await.expect_err("a principal of the past");
    assert_eq!(error.kind(), ErrorKind::NotYet, "{error:?}");
    put(azure.of_objects(), an_assignment(), None, &wanted()).await.expect("the principal of today");
}

#[tokio::test]
async fn somebody_else_s_assignment_that_is_gone_again_is_tried_again() {
    let cloud = Loopback::start(|request, _| match request.method.as_str() {
        "PUT" => refusal(409, "RoleAssignmentExists"),
        _ if request.path == id() => loopback::json(200, ours(0)),
        _ => loopback::json(200, json!({ "value": [] })),
    })
    .await;
    let error = put(connected("flyte", cloud.config()).await.of_objects(), an_assignment(), None, &wanted())
        .await
        .expect_err("in the way");
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error:?}");
}

#[tokio::test]
async fn an_identity_that_somebody_relies_on_since_the_plan_is_not_deleted() {
    let cloud = Loopback::start(|request, _| match request.method.as_str() {
        "GET" if request.path == identities() => loopback::json(200, json!({ "value": [ours(0)] })),
        "GET" => {
            let trusts = json!({ "issuer": "https://issuer", "subject": "theirs", "audiences": ["a"] });
            let names = ["by-hand", "cloudgrant_tests_vision_production"];
            let all: Vec<_> = names.iter().map(|name| json!({ "name": name, "properties": trusts })).collect();
            loopback::json(200, json!({ "value": all }))
        }
        _ => loopback::json(200, json!({})),
    })
    .await;
    let error = delete(connected("flyte", cloud.config()).await.of_objects(), the_identity(), &json!({}))
        .await
        .expect_err("relied on");
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error:?}");
    assert!(error.message().ends_with("trust: by-hand"), "{error}");
    assert!(cloud.seen().iter().all(|request| request.method == "GET"));
}

/// Whose an identity is by now is asked for all that go at the same time, and for nobody who comes later.
#[tokio::test]
async fn identities_that_go_together_are_looked_at_together() {
    let named = |name: &str| ObjectId::new(managed_identity::KIND, name);
    let (first, other, theirs) = (format!("{NAME}_a"), format!("{NAME}_b"), format!("{NAME}_c"));
    let listed = [&first, &other, &theirs].map(|name| {
        let mut identity = ours(0);
        identity["id"] = json!(id().replace(NAME, name));
        identity["name"] = json!(name);
        if *name == theirs {
            identity["tags"] = json!({ "cloudgrant:stack": "others" });
        }
        identity
    });
    let cloud = Loopback::start(move |request, _| match request.path == identities() {
        true => loopback::json(200, json!({ "value": listed })),
        false => loopback::json(200, json!({ "value": [] })),
    })
    .await;
    let azure = connected("flyte", cloud.config()).await;
    let goes = |name: &str| {
        let (id, azure) = (named(name), &azure);
        async move { delete(azure.of_objects(), id, &json!({})).await }
    };
    let (one, two, three) = tokio::join!(goes(&first), goes(&other), goes(&theirs));
    one.and(two).expect("both are the stack's");
    assert_eq!(three.expect_err("somebody else's since").kind(), ErrorKind::Conflict);
    let looks = || cloud.seen().iter().filter(|request| request.path == identities()).count();
    assert_eq!(looks(), 1);
    let deleted: Vec<_> = cloud.seen().into_iter().filter(|request| request.method == "DELETE").collect();
    assert_eq!(deleted.len(), 2, "{deleted:?}");
    goes(&first).await.expect("still listed");
    assert_eq!(looks(), 2, "an answer of the past isn't taken");
}

fn trust(subject: &str) -> Value {
    json!({ "identity": id(), "issuer": "https://issuer/", "subject": subject, "audience": "a" })
}

/// A cloud with one credential of the name, or none.
async fn with_credential(subject: Option<&'static str>) -> Loopback {
    Loopback::start(move |request, _| {
        let trusts = |subject: &str| json!({ "issuer": "https://issuer/", "subject": subject, "audiences": ["a"] });
        match (request.method.as_str(), subject) {
            ("GET", Some(subject)) => loopback::json(200, json!({ "name": "c", "properties": trusts(subject) })),
            ("GET", None) => refusal(404, "NotFound"),
            ("PUT", _) => loopback::json(200, json!({ "name": "c", "properties": trusts("ours") })),
            _ => loopback::json(200, json!({})),
        }
    })
    .await
}

fn written(cloud: &Loopback) -> Vec<String> {
    let seen = cloud.seen();
    seen.iter().filter(|request| request.method != "GET").map(|request| request.method.to_string()).collect()
}

#[tokio::test]
async fn a_federated_credential_that_the_plan_didn_t_see_is_not_written_over_or_deleted() {
    let (ours, before) = (trust("ours"), trust("before"));
    for (there, before, expected) in [
        (None, None, Some("PUT")),
        (Some("before"), Some(&before), Some("PUT")),
        // Done already: by an earlier try, or by somebody.
        (Some("ours"), None, None),
        (Some("ours"), Some(&before), None),
    ] {
        let cloud = with_credential(there).await;
        put(connected("flyte", cloud.config()).await.of_objects(), a_credential(), before, &ours)
            .await
            .expect("as planned");
        assert_eq!(written(&cloud), expected.into_iter().collect::<Vec<_>>(), "{there:?}");
    }
    for before in [None, Some(&before)] {
        let cloud = with_credential(Some("theirs")).await;
        let error = put(connected("flyte", cloud.config()).await.of_objects(), a_credential(), before, &ours)
            .await
            .expect_err("theirs");
        assert_eq!(error.kind(), ErrorKind::Conflict, "{error:?}");
        assert!(written(&cloud).is_empty());
    }
    for (there, expected) in [(Some("ours"), Some("DELETE")), (None, None)] {
        let cloud = with_credential(there).await;
        delete(connected("flyte", cloud.config()).await.of_objects(), a_credential(), &ours).await.expect("as planned");
        assert_eq!(written(&cloud), expected.into_iter().collect::<Vec<_>>(), "{there:?}");
    }
    let cloud = with_credential(Some("theirs")).await;
    let error =
        delete(connected("flyte", cloud.config()).await.of_objects(), a_credential(), &ours).await.expect_err("theirs");
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error:?}");
    assert!(written(&cloud).is_empty());
}

/// A cloud in which the identity isn't there until it is made.
async fn without_identity() -> Loopback {
    let credential = json!({ "issuer": "https://issuer/", "subject": "ours", "audiences": ["a"] });
    Loopback::start(move |request, earlier| {
        let is_credential = request.path.contains("/federatedIdentityCredentials/");
        match request.method.as_str() {
            "GET" if earlier == 0 => refusal(404, "NotFound"),
            _ if is_credential => loopback::json(200, json!({ "name": "c", "properties": credential })),
            _ => loopback::json(200, ours(1)),
        }
    })
    .await
}

#[tokio::test]
async fn nobody_s_credentials_are_looked_for_in_an_identity_that_was_just_made() {
    let cloud = without_identity().await;
    let config = Config { location: Some("westeurope".to_owned()), ..cloud.config() };
    let azure = connected("flyte", config).await;
    let tags = json!({ "tags": {}, "resource_group": "dataplane" });
    put(azure.of_objects(), the_identity(), None, &tags).await.expect("made");
    put(azure.of_objects(), a_credential(), None, &trust("ours")).await.expect("written");
    let seen: Vec<_> = cloud.seen().into_iter().map(|request| request.method.to_string()).collect();
    assert_eq!(seen, ["GET", "PUT", "PUT"], "the identity, and its credential at once");
    // It may have been made anew since.
    azure.inventory.forget(&ResourceId::parse(&id()).expect("an ID")).await;
    let error = put(azure.of_objects(), a_credential(), None, &trust("another")).await;
    assert_eq!(error.expect_err("somebody's").kind(), ErrorKind::Conflict);
}

/// A definition under an id, as it is called.
fn definition(path: &str, called: &str) -> Value {
    json!({ "id": path, "name": path.rsplit('/').next(), "properties": { "roleName": called, "type": "CustomRole" } })
}

#[tokio::test]
async fn a_custom_role_that_somebody_has_renamed_is_not_written_over_or_deleted() {
    const OURS: &str = "cloudgrant tests production blob write (x)";
    for (called, is_ours) in [(OURS, true), ("theirs now", false)] {
        let cloud = Loopback::start(move |request, _| match request.method.as_str() {
            "GET" | "PUT" => loopback::json(200, definition(&request.path, called)),
            _ => loopback::json(200, json!({})),
        })
        .await;
        let azure = connected("flyte", cloud.config()).await;
        let wanted = json!({
            "id": azure.names.role_id(OURS), "assignable_in": [format!("/subscriptions/{SUBSCRIPTION}")], "data_actions": [],
        });
        for outcome in [
            put(azure.of_objects(), custom_role::id(OURS), None, &wanted).await,
            delete(azure.of_objects(), custom_role::id(OURS), &wanted).await,
        ] {
            assert_eq!(
                outcome.map_err(|error| error.kind()).err(),
                (!is_ours).then_some(ErrorKind::Conflict),
                "{called}"
            );
        }
        assert_eq!(written(&cloud), if is_ours { vec!["PUT", "DELETE"] } else { Vec::new() }, "{called}");
    }
}

#[tokio::test]
async fn an_assignment_under_the_derived_name_keeps_its_role_for_a_moment_only_whatever_its_description_says() {
    const OURS: &str = "cloudgrant tests production blob write (x)";
    const PRINCIPAL: &str = "00000000-0000-0000-0000-000000000007";
    for (is_derived, expected) in [(true, ErrorKind::NotYet), (false, ErrorKind::Conflict)] {
        let cloud = Loopback::start(move |request, nth| {
            let role = request.path.rsplit('/').next().unwrap_or_default().to_owned();
            match request.method.as_str() {
                "DELETE" => refusal(400, "RoleDefinitionHasAssignments"),
                "GET" if request.path.contains("roleDefinitions") => loopback::json(200, definition(&request.path, OURS)),
                _ => {
                    let properties = json!({
                        "scope": group(), "roleDefinitionId": role_of_tests(), "principalId": PRINCIPAL, "description": "edited",
                    });
                    let name = if is_derived { derived() } else { format!("{nth}{role}") };
                    loopback::json(200, json!({ "value": [{ "id": "/a", "name": name, "properties": properties }] }))
                }
            }
        })
        .await;
        let azure = connected("flyte", cloud.config()).await;
        let wanted = json!({
            "id": role_of_tests(), "assignable_in": [format!("/subscriptions/{SUBSCRIPTION}")], "data_actions": [],
        });
        let error = delete(azure.of_objects(), custom_role::id(OURS), &wanted).await.expect_err("assigned");
        assert_eq!(error.kind(), expected, "{error:?}");
    }

    fn names() -> crate::names::Names {
        let home = format!("{SUBSCRIPTION}/dataplane");
        crate::names::Names::at(cloudgrant_core::Stack::parse("tests").expect("a stack"), &home).expect("a home")
    }

    fn role_of_tests() -> String {
        names().role_id(OURS)
    }

    fn derived() -> String {
        names().assignment(&group(), &role_of_tests(), PRINCIPAL)
    }
}
