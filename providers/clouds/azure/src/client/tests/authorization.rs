//! Role assignments and definitions, through Azure's own older client.

use crate::client::arm::{NewRoleAssignment, NewRoleDefinition};
use crate::client::tests::*;

const SCOPE: &str = "/subscriptions/00000000-0000-0000-0000-000000000002";

fn assignment(name: &str) -> serde_json::Value {
    serde_json::json!({
        "id": format!("{SCOPE}/providers/Microsoft.Authorization/roleAssignments/{name}"),
        "name": name,
        "type": "Microsoft.Authorization/roleAssignments",
        "properties": {
            "scope": SCOPE, "roleDefinitionId": "/r", "principalId": "p", "principalType": "ServicePrincipal",
            "createdOn": "2026-01-01T00:00:00.1234567Z", "condition": null,
        },
    })
}

fn new() -> NewRoleAssignment<'static> {
    NewRoleAssignment { role_definition_id: "/r", principal_id: "p", description: "d", condition: None }
}

#[tokio::test]
async fn a_role_assignment_is_made_as_the_description_wants_it() {
    let cloud = Loopback::start(|_, _| json(201, assignment("n"))).await;
    let arm = Arm::new(&cloud.config()).expect("a client");
    let made = arm.put_role_assignment(SCOPE, "n", &new()).await.expect("made");
    assert_eq!((made.name.as_str(), made.principal_type.as_deref()), ("n", Some("ServicePrincipal")));
    let with = NewRoleAssignment { condition: Some("@Resource[x] StringEquals 'y'"), ..new() };
    arm.put_role_assignment(SCOPE, "n", &with).await.expect("made");
    let seen = cloud.seen();
    assert_eq!(seen[0].path, format!("{SCOPE}/providers/Microsoft.Authorization/roleAssignments/n"));
    assert_eq!(seen[0].query, "api-version=2022-04-01");
    assert_eq!(seen[0].header("authorization"), Some(format!("Bearer {TOKEN}").as_str()));
    let body: serde_json::Value = serde_json::from_slice(&seen[0].body).expect("JSON");
    assert_eq!(
        body,
        serde_json::json!({ "properties": {
            "roleDefinitionId": "/r", "principalId": "p", "principalType": "ServicePrincipal", "description": "d",
        } })
    );
    let body: serde_json::Value = serde_json::from_slice(&seen[1].body).expect("JSON");
    assert_eq!(body["properties"]["conditionVersion"], "2.0");
    assert_eq!((cloud.logins(), arm.requests()), (1, 3));
}

#[tokio::test]
async fn errors_come_through_with_code_and_call() {
    let cloud = Loopback::start(|_, _| refusal(409, "RoleAssignmentExists")).await;
    let arm = Arm::new(&cloud.config()).expect("a client");
    let error = arm.put_role_assignment(SCOPE, "n", &new()).await.expect_err("there");
    assert_eq!(error.kind(), ErrorKind::Conflict, "{error}");
    assert_eq!(fact(&error, "operation"), Some("Microsoft.Authorization/roleAssignments/write"));
    assert_eq!(fact(&error, "Azure said"), Some("RoleAssignmentExists: said the test"));
    assert_eq!(cloud.seen().len(), 1);
}

#[tokio::test]
async fn tries_do_not_multiply() {
    let cloud = Loopback::start(|_, _| refusal(503, "ServerBusy")).await;
    let arm = Arm::new(&cloud.config()).expect("a client");
    let error = arm.role_assignments(SUBSCRIPTION).await.expect_err("busy");
    assert_eq!((error.kind(), cloud.seen().len()), (ErrorKind::Unavailable, 6));
}

#[tokio::test]
async fn pages_stay_here_too() {
    let thief = Loopback::start(|_, _| json(200, serde_json::json!({ "value": [] }))).await;
    let next = format!("{}/x", thief.url());
    let cloud =
        Loopback::start(move |_, _| json(200, serde_json::json!({ "value": [assignment("a")], "nextLink": next })))
            .await;
    let arm = Arm::new(&cloud.config()).expect("a client");
    let error = arm.role_assignments(SUBSCRIPTION).await.expect_err("another place");
    assert!(fact(&error, "place").is_some(), "{error}");
    assert!(thief.seen().is_empty() && thief.logins() == 0);
}

#[tokio::test]
async fn pages_are_read_to_the_end_and_circles_are_noticed() {
    let cloud = Loopback::start(|request, nth| {
        let next = |rest: &str| format!("https://{}{}{rest}", request.header("host").expect("a host"), request.path);
        let page = |name: &str, next: String| serde_json::json!({ "value": [assignment(name)], "nextLink": next });
        match nth {
            0 => json(200, page("a", next("?api-version=2022-04-01&$skipToken=2"))),
            1 => json(200, serde_json::json!({ "value": [assignment("b")] })),
            _ => json(200, page("a", next("?api-version=2022-04-01"))),
        }
    })
    .await;
    let arm = Arm::new(&cloud.config()).expect("a client");
    let all = arm.role_assignments(SUBSCRIPTION).await.expect("a list");
    assert_eq!(all.iter().map(|one| one.name.as_str()).collect::<Vec<_>>(), ["a", "b"]);
    let error = arm.role_assignments(SUBSCRIPTION).await.expect_err("a circle");
    assert!(error.message().contains("circle"), "{error}");
}

#[tokio::test]
async fn deleting_takes_an_answer_without_a_body() {
    let cloud = Loopback::start(|_, nth| match nth {
        0 => json(200, assignment("n")),
        1 => Response::new(http::StatusCode::NO_CONTENT, ""),
        2 => refusal(404, "RoleAssignmentNotFound"),
        _ => refusal(403, "AuthorizationFailed"),
    })
    .await;
    let arm = Arm::new(&cloud.config()).expect("a client");
    for _ in 0..3 {
        arm.delete_role_assignment(SCOPE, "n").await.expect("gone");
    }
    let error = arm.delete_role_assignment(SCOPE, "n").await.expect_err("denied");
    assert_eq!(error.kind(), ErrorKind::AccessDenied);
}

#[tokio::test]
async fn a_role_is_made_and_read() {
    let cloud = Loopback::start(|request, _| {
        let role = serde_json::json!({
            "id": format!("{SCOPE}/providers/Microsoft.Authorization/roleDefinitions/g"), "name": "g",
            "properties": {
                "roleName": "Reader of x", "type": "CustomRole", "description": "d", "assignableScopes": [SCOPE],
                "permissions": [{ "actions": ["a"], "notActions": [], "dataActions": ["b"], "notDataActions": [] }],
            },
        });
        match request.method.as_str() {
            "PUT" => json(201, role),
            _ => json(200, serde_json::json!({ "value": [role] })),
        }
    })
    .await;
    let arm = Arm::new(&cloud.config()).expect("a client");
    let (scopes, actions, data) = ([SCOPE.to_owned()], ["a".to_owned()], ["b".to_owned()]);
    let new = NewRoleDefinition {
        role_name: "Reader of x",
        description: "d",
        assignable_scopes: &scopes,
        actions: &actions,
        not_actions: &[],
        data_actions: &data,
        not_data_actions: &[],
    };
    let made = arm.put_role_definition(SCOPE, "g", &new).await.expect("made");
    let read = arm.role_definitions(SCOPE, Some("type eq 'CustomRole'")).await.expect("a list");
    assert_eq!(read, [made]);
    assert!(read[0].custom && read[0].data_actions == data);
    let body: serde_json::Value = serde_json::from_slice(&cloud.seen()[0].body).expect("JSON");
    assert!(!body.to_string().contains("null"), "{body}");
    assert_eq!(cloud.seen()[1].query, "api-version=2022-04-01&%24filter=type+eq+%27CustomRole%27");
}
