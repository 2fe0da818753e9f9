use azure_core::http::StatusCode;
use azure_core::http::headers::Headers;

use crate::error::*;

const CALL: Call<'static> =
    Call { operation: "Microsoft.Authorization/roleAssignments/write", object: "/subscriptions/s/roleAssignments/r" };

fn answer(status: u16, body: &str) -> Error {
    let mut headers = Headers::new();
    headers.insert("x-ms-request-id", "4711");
    headers.insert("set-cookie", "hidden-cookie");
    answered(&CALL, &RawResponse::from_bytes(StatusCode::from(status), headers, body.to_owned()))
}

fn said(status: u16, code: &str, message: &str) -> Error {
    answer(status, &serde_json::json!({ "error": { "code": code, "message": message } }).to_string())
}

fn fact<'a>(error: &'a Error, key: &str) -> Option<&'a str> {
    error.context().iter().find(|(known, _)| *known == key).map(|(_, value)| value.as_str())
}

#[test]
fn access_denied_names_call_principal_and_permission() {
    let error = said(
        403,
        "AuthorizationFailed",
        "The client 'ann@example.com' with object id '11' does not have authorization to perform action \
         'Microsoft.Authorization/roleAssignments/write' over scope '/subscriptions/s/x' or the scope is invalid. If \
         access was recently granted, please refresh your credentials.",
    );
    assert_eq!(error.kind(), ErrorKind::AccessDenied);
    assert_eq!(fact(&error, "principal"), Some("ann@example.com (object id 11)"));
    let missing = "Microsoft.Authorization/roleAssignments/write on /subscriptions/s/x";
    assert_eq!(fact(&error, "missing permission"), Some(missing));
    assert_eq!(fact(&error, "request"), Some("4711"));
    assert_eq!(fact(&error, "object"), Some(CALL.object));
    assert!(error.hint_text().is_some());
}

#[test]
fn what_denies_is_told_and_in_whose_hands_it_is() {
    // As Azure Kubernetes Service's locked node resource groups have it; the name may hold quotes.
    let error = said(
        403,
        "DenyAssignmentAuthorizationFailed",
        "The client 'ann@example.com' with object id '11' has permission to perform action \
         'Microsoft.Authorization/roleAssignments/write' on scope '/subscriptions/s/x'; however, the access is denied \
         because of the deny assignment with name 'Deny assignment '22' created by Deployment Stack '/s/stack'.' and Id \
         '33' at scope '/subscriptions/s/resourceGroups/g'.",
    );
    assert_eq!(error.kind(), ErrorKind::AccessDenied);
    let denied = "deny assignment Deny assignment '22' created by Deployment Stack '/s/stack'. at \
                  /subscriptions/s/resourceGroups/g";
    assert_eq!(fact(&error, "denied by"), Some(denied));
    assert!(fact(&error, "missing permission").is_none());
    assert!(error.hint_text().is_some_and(|hint| hint.contains("counts more than any role")));

    let error = said(
        403,
        "AuthorizationFailed",
        "The client '11' with object id '11' has an authorization with ABAC condition that is not fulfilled to perform \
         action 'Microsoft.Authorization/roleAssignments/write' over scope '/subscriptions/s/x' or the scope is invalid.",
    );
    assert!(fact(&error, "denied by").is_some_and(|denied| denied.contains("condition of the caller's own")));
    assert!(error.hint_text().is_some_and(|hint| hint.contains("limited administrator")));

    let error = answer(
        403,
        &serde_json::json!({ "error": {
            "code": "RequestDisallowedByPolicy",
            "message": "Resource 'x' was disallowed by policy.",
            "additionalInfo": [{ "type": "PolicyViolation", "info": {
                "policyDefinitionDisplayName": "Require a tag",
                "policyAssignmentId": "/providers/Microsoft.Authorization/policyAssignments/tags",
                "evaluationDetails": { "evaluatedExpressions": [] },
            } }],
        } })
        .to_string(),
    );
    let policy = "policy Require a tag (/providers/Microsoft.Authorization/policyAssignments/tags)";
    assert_eq!(fact(&error, "denied by"), Some(policy));
    assert!(error.hint_text().is_some_and(|hint| hint.contains("azure.tags")));
}

#[test]
fn a_long_sentence_keeps_its_end() {
    let long = said(400, "Long", &format!("it begins {} and ends so", "x ".repeat(2_000)));
    let said = fact(&long, "Azure said").expect("a sentence");
    assert!(said.starts_with("Long: it begins") && said.ends_with("and ends so"), "{said}");
}

#[test]
fn a_linked_scope_is_what_is_missing() {
    // Services write it in two ways.
    for lacking in [
        "action(s) 'Microsoft.M/u/assign/action' on the linked scope(s) '/s/y' (respectively)",
        "action 'Microsoft.M/u/assign/action' on the linked scope(s) '/s/y'",
    ] {
        let error = said(
            403,
            "LinkedAuthorizationFailed",
            &format!(
                "The client '11' with object id '11' has permission to perform action 'Microsoft.A/b/write' on scope '/s/x'; \
             however, it does not have permission to perform {lacking} or the linked scope(s) are invalid."
            ),
        );
        assert_eq!(fact(&error, "principal"), Some("11"));
        assert_eq!(fact(&error, "missing permission"), Some("Microsoft.M/u/assign/action on /s/y"));
    }
}

#[test]
fn each_code_has_its_kind() {
    for (status, code, message, expected) in [
        (400, "PrincipalNotFound", "Principal x does not exist in the directory y.", ErrorKind::NotYet),
        (400, "RoleDefinitionDoesNotExist", "", ErrorKind::NotYet),
        (409, "RoleAssignmentExists", "The role assignment already exists.", ErrorKind::Conflict),
        (400, "RoleAssignmentUpdateNotPermitted", "", ErrorKind::Conflict),
        (409, "ScopeLocked", "", ErrorKind::Conflict),
        (401, "InvalidAuthenticationTokenTenant", "The access token is from the wrong issuer", ErrorKind::WrongAccount),
        (401, "ExpiredAuthenticationToken", "", ErrorKind::Credentials),
        (401, "", "", ErrorKind::Credentials),
        (403, "", "", ErrorKind::AccessDenied),
        (403, "RequestDisallowedByPolicy", "", ErrorKind::AccessDenied),
        (404, "SubscriptionNotFound", "", ErrorKind::NotFound),
        (404, "ResourceGroupNotFound", "", ErrorKind::NotFound),
        (409, "MissingSubscriptionRegistration", "", ErrorKind::NotFound),
        (429, "TooManyRequests", "", ErrorKind::Throttled),
        (429, "Whatever", "", ErrorKind::Throttled),
        (
            409,
            "ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity",
            "Too many Federated Identity Credentials are written concurrently for the managed identity",
            ErrorKind::Unavailable,
        ),
        (409, "Conflict", "Another operation is in progress on the selected entity.", ErrorKind::Unavailable),
        (409, "Conflict", "The name is taken.", ErrorKind::Conflict),
        (503, "ServerBusy", "", ErrorKind::Unavailable),
        (500, "", "", ErrorKind::Unavailable),
        (400, "RoleAssignmentLimitExceeded", "", ErrorKind::Quota),
        (400, "BadRequest", "The limit of 20 federated identity credentials is reached", ErrorKind::Quota),
        (400, "BadRequest", "The federated identity credential is malformed", ErrorKind::Unexpected),
        (400, "InvalidPolicyParameter", "", ErrorKind::Unexpected),
    ] {
        assert_eq!(said(status, code, message).kind(), expected, "{status} {code}: {message}");
    }
}

#[test]
fn an_answer_without_an_envelope_is_read_too() {
    let bare = answer(409, r#"{"code": "RoleAssignmentExists", "message": "there"}"#);
    assert_eq!(fact(&bare, "Azure said"), Some("RoleAssignmentExists: there"));
    let deep = answer(409, r#"{"error": {"details": [{"code": "ScopeLocked", "message": "locked"}]}}"#);
    assert_eq!(fact(&deep, "Azure said"), Some("ScopeLocked: locked"));
}

#[test]
fn bodies_and_headers_are_not_taken_over() {
    let page = answer(502, "<html>hidden-page</html>");
    assert_eq!(page.kind(), ErrorKind::Unavailable);
    let foreign = answer(400, r#"{"error": {"code": "A", "message": "b"}, "echo": "hidden-echo"}"#);
    for error in [page, foreign] {
        assert!(!format!("{error} {error:?}").contains("hidden"), "{error:?}");
    }
    let long = said(400, "Long", &"x ".repeat(100_000));
    assert!(long.to_string().len() < 2 * WORDING, "{}", long.to_string().len());
    let why = said(403, "Long", &format!("The client {} because of a deny assignment.", "x ".repeat(100_000)));
    assert!(fact(&why, "Azure said").is_some_and(|said| said.ends_with("because of a deny assignment.")), "{why}");
}

#[test]
fn absent_is_only_the_object_itself() {
    let absent_to = |call: &Call<'_>, status: u16, body: String| {
        is_absent(call, &RawResponse::from_bytes(StatusCode::from(status), Headers::new(), body))
    };
    let coded = |code: &str| serde_json::json!({ "error": { "code": code, "message": "" } }).to_string();
    let read = Call { operation: "Microsoft.Authorization/roleDefinitions/read", ..CALL };
    for code in ABSENT {
        assert!(absent_to(&read, 404, coded(code)), "{code}");
        assert_eq!(answered(&read, &said_as(404, code)).kind(), ErrorKind::NotFound, "{code}");
        assert!(!absent_to(&read, 400, coded(code)), "{code}");
    }
    // A role that is to be assigned, and may have been made a moment ago.
    assert!(!absent_to(&CALL, 404, coded("RoleDefinitionDoesNotExist")));
    assert_eq!(said(404, "RoleDefinitionDoesNotExist", "").kind(), ErrorKind::NotYet);
    for code in ["SubscriptionNotFound", "InvalidResourceType", ""] {
        assert!(!absent_to(&read, 404, coded(code)), "{code}");
    }
    // Not the Resource Manager's: it always says which code it is.
    for body in ["", "{}", "<html>404 Not Found</html>", r#"{"error": "no such page"}"#, r#"{"message": "gone"}"#] {
        assert!(!absent_to(&read, 404, body.to_owned()), "{body}");
        let error = answer(404, body);
        assert_eq!(error.kind(), ErrorKind::Unexpected, "{body}");
        assert!(error.hint_text().is_some_and(|hint| hint.contains("a proxy's")), "{error:?}");
    }
}

fn said_as(status: u16, code: &str) -> RawResponse {
    let body = serde_json::json!({ "error": { "code": code, "message": "" } }).to_string();
    RawResponse::from_bytes(StatusCode::from(status), Headers::new(), body)
}

#[test]
fn our_own_errors_come_through_the_sdk() {
    let sdk = Carried::sdk(Error::new(ErrorKind::Credentials, "there are no credentials").hint("log in"));
    let wrapped = sdk.with_context("something around it");
    let error = failed(&CALL, &wrapped);
    assert_eq!((error.kind(), error.hint_text()), (ErrorKind::Credentials, Some("log in")));
    assert_eq!(fact(&error, "operation"), Some(CALL.operation));
}
