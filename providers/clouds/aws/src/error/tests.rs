//! What is told of what AWS answers.

use crate::error::*;

#[test]
fn access_denied_names_call_principal_and_permission() {
    let error = answered(
        "iam:CreateRole",
        403,
        "AccessDenied",
        "User: arn:aws:iam::111122223333:user/ann is not authorized to perform: iam:CreateRole on resource: \
         arn:aws:iam::111122223333:role/x because no identity-based policy allows the iam:CreateRole action",
    );
    assert_eq!(error.kind(), ErrorKind::AccessDenied);
    let context: Vec<_> = error.context().iter().map(|(key, value)| (*key, value.as_str())).collect();
    assert!(context.contains(&("principal", "arn:aws:iam::111122223333:user/ann")), "{context:?}");
    let missing = ("missing permission", "iam:CreateRole on arn:aws:iam::111122223333:role/x");
    assert!(context.contains(&missing), "{context:?}");
}

#[test]
fn a_setting_against_public_policies_is_no_missing_permission() {
    let error = answered(
        "s3:PutBucketPolicy",
        403,
        "AccessDenied",
        "User: arn:aws:iam::111122223333:user/ann is not authorized to perform: s3:PutBucketPolicy on resource: \
         \"arn:aws:s3:::acme\" because public policies are prevented by the BlockPublicPolicy setting in S3 Block Public \
         Access.",
    );
    assert!(error.context().iter().all(|(key, _)| *key != "missing permission"), "{error:?}");
    assert!(error.context().contains(&("denied by", "S3 Block Public Access".to_owned())), "{error:?}");
    let hint = error.hint_text().expect("a hint");
    assert!(hint.contains("is public") && !hint.contains("give the principal that permission"), "{hint}");
}

#[test]
fn a_deny_is_no_missing_permission() {
    let error = answered(
        "iam:CreateRole",
        403,
        "AccessDenied",
        "User: arn:aws:iam::111122223333:user/ann is not authorized to perform: iam:CreateRole on resource: \
         arn:aws:iam::111122223333:role/x with an explicit deny in a service control policy",
    );
    assert_eq!(error.kind(), ErrorKind::AccessDenied);
    let context: Vec<_> = error.context().iter().map(|(key, value)| (*key, value.as_str())).collect();
    assert!(context.contains(&("denied by", "an explicit deny in a service control policy")), "{context:?}");
    assert!(context.iter().all(|(key, _)| *key != "missing permission"), "{context:?}");
    let hint = error.hint_text().expect("a hint");
    assert!(hint.contains("organization") && !hint.contains("give the principal that permission"), "{hint}");
}

#[test]
fn what_may_pass_is_waited_for() {
    for (status, code, message, expected) in [
        (400, "Throttling", "Rate exceeded", ErrorKind::Throttled),
        (400, "ThrottlingException", "Rate exceeded", ErrorKind::Throttled),
        (503, "ServiceFailure", "", ErrorKind::Unavailable),
        (409, "ConcurrentModification", "", ErrorKind::Unavailable),
        (400, "MalformedPolicyDocument", "Invalid principal in policy: \"AWS\":\"x\"", ErrorKind::NotYet),
        (400, "MalformedPolicyDocument", "Syntax errors in policy.", ErrorKind::Unexpected),
        (400, "MalformedPolicy", "Invalid principal in policy", ErrorKind::NotYet),
        (400, "MalformedPolicy", "Policy has invalid resource", ErrorKind::Unexpected),
        (
            400,
            "MalformedPolicyDocumentException",
            "Policy contains a statement with one or more invalid principals.",
            ErrorKind::NotYet,
        ),
        (409, "OperationAborted", "", ErrorKind::Unavailable),
        (503, "SlowDown", "", ErrorKind::Throttled),
        (404, "NoSuchBucket", "", ErrorKind::NotFound),
        (400, "NotFoundException", "Key does not exist", ErrorKind::NotFound),
        (
            400,
            "InvalidParameterException",
            "Invalid parameter at 'PolicyText' failed to satisfy constraint: 'Principal not found'",
            ErrorKind::NotYet,
        ),
        (403, "InvalidClientTokenId", "", ErrorKind::Credentials),
        (403, "ExpiredToken", "The security token included in the request is expired", ErrorKind::Credentials),
        (400, "ExpiredTokenException", "The security token included in the request is expired", ErrorKind::Credentials),
        (409, "LimitExceeded", "", ErrorKind::Quota),
        (409, "DeleteConflict", "Cannot delete a policy attached to entities.", ErrorKind::NotYet),
        (409, "EntityAlreadyExists", "", ErrorKind::Conflict),
    ] {
        let meant = wording::meant(bare(code), message);
        assert_eq!(kind(status, code, meant), expected, "{code}: {message}");
    }
}
