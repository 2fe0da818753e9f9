//! What errors say, alone and put together.

use super::*;

#[test]
fn everything_that_stands_in_the_way_is_told() {
    assert!(Error::all(Vec::new()).is_none());
    let role = || Error::new(ErrorKind::NotFound, "the role isn't there").with("account", 1).hint("name another");
    let one = Error::all(vec![role()]).expect("it");
    assert_eq!((one.message(), one.hint_text()), ("the role isn't there", Some("name another")));
    let twice = Error::all(vec![role(), role()]).expect("it");
    assert_eq!((twice.message(), twice.hint_text()), ("the role isn't there", Some("name another")));
    let parts = vec![Diagnostic::new("a", "one"), Diagnostic::new("b", "two")];
    let batch = Error::new(ErrorKind::NotFound, "a batch").diagnostics(parts.clone());
    // What two verbs find, each by itself, is told once.
    let all = Error::all(vec![role(), batch, role()]).expect("all");
    assert_eq!((all.kind(), all.message()), (ErrorKind::NotFound, "3 things stand in the way"));
    let fails = Error::all(vec![role(), Error::new(ErrorKind::Unavailable, "it fails")]).expect("one");
    assert_eq!((fails.kind(), fails.message()), (ErrorKind::Unavailable, "it fails"));
    let first = Diagnostic::new("", "the role isn't there; account: 1").hint("name another");
    assert_eq!(all.problems(), [vec![first], parts].concat());
}

#[test]
fn each_denied_place_is_told_and_of_many_the_first_few() {
    let denied = |place: usize| {
        let error = Error::new(ErrorKind::AccessDenied, format!("can't read place {place}"));
        error.with("operation", "read").hint("have somebody allow it")
    };
    let absent = || Error::new(ErrorKind::NotFound, "the role isn't there");
    let said = |errors: Vec<Error>| {
        let error = Error::all(errors).expect("one");
        assert_eq!(error.kind(), ErrorKind::AccessDenied);
        let problems: Vec<_> = error.problems().iter().map(ToString::to_string).collect();
        (error.message().to_owned(), problems)
    };
    let (message, problems) = said(vec![absent(), denied(1), denied(2), denied(1)]);
    assert_eq!(message, "3 things stand in the way");
    let places = ["can't read place 1; operation: read", "can't read place 2; operation: read"];
    assert_eq!(problems, [places[0], places[1], "the role isn't there"]);
    let (message, problems) = said((1..=7).map(denied).chain([absent()]).collect());
    assert_eq!(message, "8 things stand in the way");
    assert_eq!((problems.len(), problems[5].as_str()), (7, "and 2 more that are denied"));
    assert_eq!(problems[6], "the role isn't there");
}

/// What is asked for more than once is refused as often, each time as another request.
#[test]
fn one_refusal_of_several_requests_is_told_once() {
    for key in ["request id", "request"] {
        let denied = |place: &str, request: usize| {
            let error = Error::new(ErrorKind::AccessDenied, format!("AWS denies reading {place}"));
            error.with("operation", "read").with(key, request).with("status", 403).hint("have somebody allow it")
        };
        let all = Error::all(vec![denied("a", 1), denied("a", 2), denied("a", 3)]).expect("one");
        assert_eq!(all.to_string(), denied("a", 1).to_string());
        // Also of what was put together before.
        let both = Error::both(Err::<(), _>(denied("a", 1)), Err::<(), _>(denied("b", 2))).expect_err("two");
        let all = Error::all(vec![both, denied("b", 3), denied("a", 4), denied("c", 5)]).expect("three");
        assert_eq!(all.message(), "3 things stand in the way");
        let told: Vec<_> = all.problems().iter().map(ToString::to_string).collect();
        let of = |place, request| format!("AWS denies reading {place}; operation: read; {key}: {request}; status: 403");
        assert_eq!(told, [of("a", 1), of("b", 2), of("c", 5)]);
    }
}

#[test]
fn causes_are_told_without_the_system_s_numbers() {
    let told =
        |cause: &str| Error::new(ErrorKind::Manifest, "can't read it").with("cause", cause).context()[0].1.clone();
    let missing = std::io::Error::from_raw_os_error(2).to_string();
    assert!(missing.ends_with(" (os error 2)"), "{missing}");
    assert_eq!(told(&missing), missing.replace(" (os error 2)", ""));
    for other in ["it failed (os error x)", "it failed", "(os error 2", "x (os error 2) y"] {
        assert_eq!(told(other), other);
    }
}

#[test]
fn the_nearest_fact_and_hint_stay() {
    let error = Error::new(ErrorKind::Conflict, "can't create role x")
        .with("operation", "iam:CreateRole")
        .with("operation", "apply")
        .hint("near")
        .hint("far");
    assert_eq!(error.to_string(), "can't create role x; operation: iam:CreateRole");
    assert_eq!(error.hint_text(), Some("near"));
}
#[test]
fn what_is_not_tried_again_says_all_that_it_said() {
    let problem = Diagnostic::new("a", "one");
    let failed = |kind| {
        let error = Error::new(kind, "can't create role x").with("operation", "iam:CreateRole").hint("wait");
        error.diagnostics(vec![problem.clone()]).source("the line was cut").for_good()
    };
    let error = failed(ErrorKind::Throttled);
    assert_eq!(error.kind(), ErrorKind::Unexpected);
    assert!(error.to_string().contains("one") && error.to_string().contains("iam:CreateRole"), "{error}");
    assert_eq!((error.hint_text(), error.problems()), (Some("wait"), [problem.clone()].as_slice()));
    assert_eq!(std::error::Error::source(&error).map(ToString::to_string).as_deref(), Some("the line was cut"));
    assert_eq!(failed(ErrorKind::AccessDenied).kind(), ErrorKind::AccessDenied, "it is for good by itself");
}

#[test]
fn an_error_is_told_by_codes_ours_and_the_cloud_s() {
    const LOCKED: Code = Code::new("locked");
    let plain = Error::new(ErrorKind::NotFound, "gone");
    assert_eq!((plain.code().as_str(), plain.cloud_code()), ("not-found", ""));
    let error = Error::new(ErrorKind::Conflict, "no").with_code(LOCKED).of_cloud("ScopeLocked", "somebody locked it");
    for error in [error.told_again(), error] {
        assert_eq!((error.code(), error.cloud_code()), (LOCKED, "ScopeLocked"));
        assert!(!format!("{error} {error:?}").contains("locked"), "what is decided by is no display: {error:?}");
        let later = error.with("operation", "put").as_kind(ErrorKind::NotYet);
        assert_eq!((later.kind(), later.code()), (ErrorKind::NotYet, ErrorKind::NotYet.into()));
        assert_eq!((later.cloud_code(), later.context().len()), ("ScopeLocked", 1));
    }
}
