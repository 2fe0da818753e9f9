//! Role assignments: what is made, what is refused, what lists show.

use cloudgrant_azure_sandbox::DEFAULT_TENANT;
use serde_json::{Value, json};

use crate::client::{Cloud, Reply};
use crate::{
    ACR_PULL, ASSIGNMENTS, BLOB_READER, GROUP, READER, SUBSCRIPTION, VERSION, account, assignment, grant, guid,
    identity, in_group, role,
};

async fn start(knobs: &str) -> (Cloud, String) {
    let cloud = Cloud::start(knobs).await;
    let (principal, _) = cloud.ids("flyteuser-acme").await;
    (cloud, principal)
}

#[tokio::test]
async fn an_assignment_is_made_read_and_deleted() {
    let (cloud, principal) = start("").await;
    let path = assignment(&account(), &guid(1));
    let made = cloud.put(&path, grant(BLOB_READER, &principal)).await.is(201);
    let properties = &made["properties"];
    assert_eq!(properties["scope"], account());
    assert_eq!(properties["roleDefinitionId"], role(BLOB_READER));
    assert_eq!(
        (&properties["principalId"], &properties["principalType"]),
        (&json!(principal), &json!("ServicePrincipal"))
    );
    assert_eq!(made["id"], format!("{}{ASSIGNMENTS}/{}", account(), guid(1)));
    assert_eq!(
        cloud.put(&path, grant(BLOB_READER, &principal)).await.is(200)["properties"]["createdOn"],
        properties["createdOn"]
    );
    let mut changed = grant(BLOB_READER, &principal);
    changed["properties"]["description"] = json!("why");
    assert_eq!(cloud.put(&path, changed).await.is(200)["properties"]["description"], "why");
    assert_eq!(cloud.get(&path).await.is(200)["properties"]["description"], "why");
    let old = cloud.get(&path.replace("2022-04-01", "2015-07-01")).await.is(200);
    assert_eq!(old["properties"]["principalType"], Value::Null, "older versions do not know it");
    assert_eq!(cloud.delete(&path).await.is(200)["name"], guid(1));
    cloud.delete(&path).await.is(204);
    cloud.get(&path).await.fails(404, "RoleAssignmentNotFound", &guid(1));
}

#[tokio::test]
async fn a_name_stands_for_one_assignment_of_the_tenant() {
    let (cloud, principal) = start("").await;
    let (other, _) = cloud.ids("acme-production").await;
    let path = assignment(&account(), &guid(1));
    cloud.put(&path, grant(BLOB_READER, &principal)).await.is(201);
    let refused = |reply: Reply| reply.fails(400, "RoleAssignmentUpdateNotPermitted", "principal ID, and scope");
    refused(cloud.put(&path, grant(BLOB_READER, &other)).await);
    refused(cloud.put(&path, grant(READER, &principal)).await);
    refused(cloud.put(&assignment(GROUP, &guid(1)), grant(BLOB_READER, &principal)).await);
    let twice = cloud.put(&assignment(&account(), &guid(2)), grant(BLOB_READER, &principal)).await;
    twice.fails(409, "RoleAssignmentExists", "The role assignment already exists.");
    assert!(!twice.body.to_string().contains(&guid(1)), "the error does not say which");
    cloud.put(&assignment(GROUP, &guid(2)), grant(BLOB_READER, &principal)).await.is(201);
}

#[tokio::test]
async fn a_recreated_identity_does_not_fit_its_old_assignment() {
    let (cloud, principal) = start("").await;
    let path = assignment(&account(), &guid(1));
    cloud.put(&path, grant(BLOB_READER, &principal)).await.is(201);
    let identity = format!("{}?api-version=2023-01-31", identity("flyteuser-acme"));
    cloud.delete(&identity).await.is(200);
    cloud.get(&path).await.is(200);
    cloud.put(&path, grant(BLOB_READER, &principal)).await.fails(400, "PrincipalNotFound", &principal.replace('-', ""));
    cloud.put(&identity, json!({"location": "westeurope"})).await.is(201);
    let (fresh, _) = cloud.ids("flyteuser-acme").await;
    assert_ne!(fresh, principal);
    cloud.put(&path, grant(BLOB_READER, &fresh)).await.fails(400, "RoleAssignmentUpdateNotPermitted", "");
}

#[tokio::test]
async fn principals_are_checked() {
    let (cloud, principal) = start("").await;
    let path = assignment(&account(), &guid(1));
    let stranger = "aaaaaaaa-0000-4000-8000-00000000000a";
    let reply = cloud.put(&path, grant(BLOB_READER, stranger)).await;
    reply.fails(400, "PrincipalNotFound", &format!("does not exist in the directory {DEFAULT_TENANT}"));
    reply.fails(400, "PrincipalNotFound", "replication delay");
    cloud.put(&path, grant(BLOB_READER, "somebody")).await.fails(400, "InvalidPrincipalId", "principal ID");
    let mut user = grant(BLOB_READER, &principal);
    user["properties"]["principalType"] = json!("User");
    cloud.put(&path, user.clone()).await.fails(400, "UnmatchedPrincipalType", "has type 'ServicePrincipal'");
    user["properties"].as_object_mut().expect("an object").remove("principalType");
    assert_eq!(cloud.put(&path, user).await.is(201)["properties"]["principalType"], "ServicePrincipal");
}

#[tokio::test]
async fn a_new_principal_takes_a_while_to_be_known() {
    let cloud = Cloud::start("replication=600ms").await;
    let path = format!("{}?api-version=2023-01-31", identity("fresh-one"));
    cloud.put(&path, json!({"location": "westeurope"})).await.is(201);
    let (principal, _) = cloud.ids("fresh-one").await;
    let path = assignment(&account(), &guid(1));
    cloud.put(&path, grant(BLOB_READER, &principal)).await.fails(400, "PrincipalNotFound", "");
    let (old, _) = cloud.ids("flyteuser-acme").await;
    cloud.put(&assignment(&account(), &guid(2)), grant(BLOB_READER, &old)).await.is(201);
    tokio::time::sleep(std::time::Duration::from_millis(700)).await;
    cloud.put(&path, grant(BLOB_READER, &principal)).await.is(201);
}

#[tokio::test]
async fn roles_and_names_are_checked() {
    let (cloud, principal) = start("").await;
    let path = assignment(&account(), &guid(1));
    let unknown = cloud.put(&path, grant("aaaaaaaa-0000-4000-8000-00000000000a", &principal)).await;
    unknown.fails(404, "RoleDefinitionDoesNotExist", "aaaaaaaa00004000800000000000000a");
    let mut bare = grant(BLOB_READER, &principal);
    bare["properties"]["roleDefinitionId"] = json!(BLOB_READER);
    cloud.put(&path, bare).await.fails(400, "InvalidRoleDefinitionId", BLOB_READER);
    let odd = assignment(&account(), "not-a-guid");
    cloud.put(&odd, grant(BLOB_READER, &principal)).await.fails(400, "InvalidRoleAssignmentId", "must be a GUID");
    cloud.put(&path, json!({"x": 1})).await.fails(400, "InvalidRequestContent", "properties");
    let text = cloud.send(reqwest::Method::PUT, &path, Some(&cloud.token), "no json".to_owned()).await;
    text.fails(400, "InvalidRequestContent", "deserialized");
    let mut tenant = grant(BLOB_READER, &principal);
    tenant["properties"]["roleDefinitionId"] =
        json!(format!("/providers/Microsoft.Authorization/roleDefinitions/{BLOB_READER}"));
    cloud.put(&path, tenant).await.is(201);
}

#[tokio::test]
async fn scopes_must_be_there() {
    let (cloud, principal) = start("").await;
    let put = async |scope: &str| cloud.put(&assignment(scope, &guid(1)), grant(READER, &principal)).await;
    put("/subscriptions/aaaaaaaa-0000-4000-8000-00000000000a").await.fails(404, "SubscriptionNotFound", "");
    put(&format!("{SUBSCRIPTION}/resourceGroups/nope")).await.fails(404, "ResourceGroupNotFound", "'nope'");
    let account = in_group("Microsoft.Storage/storageAccounts/nope");
    put(&account).await.fails(404, "ResourceNotFound", "Microsoft.Storage/storageAccounts/nope");
    put(&format!("{account}/blobServices/default/containers/c")).await.fails(
        404,
        "ResourceNotFound",
        "storageAccounts/nope",
    );
    put(&in_group("Microsoft.Compute/disks/nope")).await.fails(404, "ResourceNotFound", "disks/nope");
    // What is inside of a resource is its provider's business.
    put(&format!("{}/blobServices/default/containers/nope", crate::account())).await.is(201);
}

#[tokio::test]
async fn texts_have_limits() {
    let (cloud, principal) = start("").await;
    let path = assignment(&account(), &guid(1));
    let with = |name: &str, value: Value, version: Option<&str>| {
        let mut body = grant(BLOB_READER, &principal);
        body["properties"][name] = value;
        body["properties"]["conditionVersion"] = json!(version);
        body
    };
    let long = with("description", json!("x".repeat(2049)), None);
    cloud.put(&path, long).await.fails(400, "InvalidRoleAssignmentDescription", "2048");
    let condition = "(@Resource[Microsoft.Storage/storageAccounts/blobServices/containers:name] StringEquals 'inputs')";
    let invalid = |reply: Reply| {
        reply.fails(400, "InvalidRoleAssignmentCondition", "The given role assignment condition is invalid.")
    };
    invalid(cloud.put(&path, with("condition", json!(condition), None)).await);
    invalid(cloud.put(&path, with("condition", json!(condition), Some("1.0"))).await);
    invalid(cloud.put(&path, with("condition", json!(format!("{condition}{}", " ".repeat(9000))), Some("2.0"))).await);
    invalid(cloud.put(&path, with("condition", json!("(@Resource[x] StringEquals"), Some("2.0"))).await);
    let made = cloud.put(&path, with("condition", json!(condition), Some("2.0"))).await.is(201);
    assert_eq!(
        (&made["properties"]["condition"], &made["properties"]["conditionVersion"]),
        (&json!(condition), &json!("2.0"))
    );
}

#[tokio::test]
async fn a_subscription_holds_so_many() {
    // The client's own is one of them.
    let (cloud, principal) = start("quota.RoleAssignmentsPerSubscription=3").await;
    for (n, role) in [(1, READER), (2, BLOB_READER)] {
        cloud.put(&assignment(GROUP, &guid(n)), grant(role, &principal)).await.is(201);
    }
    cloud.put(&assignment(GROUP, &guid(3)), grant(ACR_PULL, &principal)).await.fails(
        400,
        "RoleAssignmentLimitExceeded",
        "3",
    );
    cloud.put(&assignment(GROUP, &guid(1)), grant(READER, &principal)).await.is(200);
}

#[tokio::test]
async fn the_last_owner_stays() {
    let cloud = Cloud::start("").await;
    let list = format!("{SUBSCRIPTION}{ASSIGNMENTS}{VERSION}");
    let name = cloud.get(&list).await.names().remove(0);
    cloud.delete(&assignment(SUBSCRIPTION, &name)).await.fails(
        412,
        "CannotDeleteLastRbacAdminAssignment",
        "last RBAC admin",
    );
}

#[tokio::test]
async fn lists_show_what_their_filters_ask_for() {
    let (cloud, principal) = start("").await;
    let (other, _) = cloud.ids("acme-production").await;
    let container = format!("{}/blobServices/default/containers/inputs", account());
    for (n, scope, role, who) in [
        (1, SUBSCRIPTION, READER, &principal),
        (2, GROUP, READER, &other),
        (3, account().as_str(), BLOB_READER, &principal),
        (4, container.as_str(), BLOB_READER, &principal),
    ] {
        cloud.put(&assignment(scope, &guid(n)), grant(role, who)).await.is(201);
    }
    let owner = cloud.get(&format!("{SUBSCRIPTION}{ASSIGNMENTS}{VERSION}&$filter=atScope()")).await.names();
    let owner = owner.into_iter().find(|name| *name != guid(1)).expect("the client's");
    let list = async |scope: &str, filter: &str| {
        let filter = if filter.is_empty() { String::new() } else { format!("&$filter={filter}") };
        let mut names = cloud.get(&format!("{scope}{ASSIGNMENTS}{VERSION}{filter}")).await.names();
        names.retain(|name| *name != owner);
        names.iter().map(|name| name[7..8].parse::<u32>().expect("a number")).collect::<Vec<_>>()
    };
    let sorted = |mut names: Vec<u32>| {
        names.sort_unstable();
        names
    };
    assert_eq!(sorted(list(SUBSCRIPTION, "").await), [1, 2, 3, 4]);
    assert_eq!(sorted(list(SUBSCRIPTION, "atScope()").await), [1]);
    assert_eq!(sorted(list(&account(), "").await), [1, 2, 3, 4]);
    assert_eq!(sorted(list(&account(), "atScope()").await), [1, 2, 3]);
    let mine = format!("principalId eq '{principal}'");
    assert_eq!(sorted(list(&account(), &mine).await), [1, 3, 4], "at, above and below");
    assert_eq!(sorted(list(&account(), &format!("atScope() and {mine}")).await), [1, 3]);
    assert_eq!(sorted(list(&account(), &format!("assignedTo('{other}')")).await), [2]);
    assert_eq!(sorted(list(&account(), &format!("atScope()+and+assignedTo('{other}')")).await), [2]);
    assert_eq!(sorted(list(&container, "atScope()").await), [1, 2, 3, 4]);
    cloud.get(&format!("{GROUP}{ASSIGNMENTS}{VERSION}&$filter=x eq 'y'")).await.fails(
        400,
        "InvalidFilterInQueryString",
        "atScope",
    );
    cloud.get(&format!("{SUBSCRIPTION}/resourceGroups/nope{ASSIGNMENTS}{VERSION}")).await.fails(
        404,
        "ResourceGroupNotFound",
        "nope",
    );
}

#[tokio::test]
async fn groups_pass_their_roles_on() {
    let (cloud, principal) = start("").await;
    let group = "99999999-0000-4000-8000-000000000009";
    cloud.place(json!({"principal": {"id": group, "type": "Group", "members": [principal]}})).await;
    let mut body = grant(READER, group);
    body["properties"]["principalType"] = json!("Group");
    cloud.put(&assignment(GROUP, &guid(1)), body).await.is(201);
    let by = |filter: String| format!("{GROUP}{ASSIGNMENTS}{VERSION}&$filter={filter}");
    assert_eq!(cloud.get(&by(format!("assignedTo('{principal}')"))).await.names(), [guid(1)]);
    assert!(cloud.get(&by(format!("principalId eq '{principal}'"))).await.names().is_empty());
}

#[tokio::test]
async fn pages_cover_everything_once() {
    let (cloud, principal) = start("quota.PageSize=2").await;
    let (other, _) = cloud.ids("acme-production").await;
    for (n, who, role) in
        [(1, &principal, READER), (2, &principal, ACR_PULL), (3, &other, READER), (4, &other, ACR_PULL)]
    {
        cloud.put(&assignment(GROUP, &guid(n)), grant(role, who)).await.is(201);
    }
    let mut url = format!("{GROUP}{ASSIGNMENTS}{VERSION}&%24filter=atScope()");
    let (mut names, mut pages) = (Vec::new(), 0);
    loop {
        let body = cloud.get(&url).await.is(200);
        names.extend(body["value"].as_array().expect("a list").iter().map(|one| one["name"].to_string()));
        pages += 1;
        let Some(next) = body["nextLink"].as_str() else { break };
        url = next.strip_prefix(cloud.running.endpoint()).expect("the same host").to_owned();
    }
    assert_eq!((names.len(), pages), (5, 3));
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 5);
    cloud.get(&format!("{GROUP}{ASSIGNMENTS}{VERSION}&$skipToken=mine")).await.fails(400, "InvalidSkipToken", "mine");
}
