use std::sync::LazyLock;

use super::*;

fn home() -> Home<'static> {
    static ACCOUNT: LazyLock<AccountId> = LazyLock::new(|| AccountId::parse("111122223333").expect("an account"));
    Home { partition: "aws", account: &ACCOUNT }
}

/// The manifest is refused that asks for one of these, so that no grant ever came to it.
#[test]
fn what_no_grant_can_reach_in_another_account_is_somebody_s_edit() {
    let of = |account: &str, service: &str, rest: &str| format!("arn:aws:{service}:us-west-2:{account}:{rest}");
    for (service, rest, actions, elsewhere) in [
        ("kinesis", "stream/events", ["kinesis:GetRecords"].as_slice(), false),
        ("ssm", "parameter/token", &["ssm:GetParameter", "ssm:GetParameters"], false),
        ("sqs", "jobs", &["sqs:GetQueueUrl", "sqs:SendMessage"], true),
    ] {
        let sid = if service == "sqs" { "AWriteResource" } else { "AReadResource" };
        let statement = |account: &str| one(sid, actions, &[&of(account, service, rest)], Value::Null);
        // Which actions a manifest listed once, nobody can tell.
        assert_eq!(is_written(&statement("111122223333"), home()), service != "kinesis", "{service}");
        assert!(may_be_written(&statement("111122223333"), home()), "{service}");
        assert_eq!(is_written(&statement("444455556666"), home()), elsewhere, "{service}");
        assert_eq!(may_be_written(&statement("444455556666"), home()), elsewhere, "{service}");
    }
}

type Edit<'a> = &'a dyn Fn(&mut Value);

fn one(sid: &str, actions: &[&str], resources: &[&str], condition: Value) -> Value {
    let mut one = json!({ "Sid": sid, "Effect": "Allow", "Action": actions, "Resource": resources });
    if !condition.is_null() {
        one["Condition"] = condition;
    }
    one
}

/// One of each form.
fn all() -> Vec<Value> {
    let owned = |operator: &str| json!({ operator: { "aws:ResourceAccount": ["111122223333"] } });
    let via = |service: &str| json!([format!("{service}.us-west-2.amazonaws.com")]);
    let contexts = json!(["arn:aws:s3:::acme", "arn:aws:s3:::acme/in/*"]);
    let key = "arn:aws:kms:us-west-2:111122223333:key/12-ab";
    let any_key = "arn:aws:kms:us-west-2:111122223333:key/*";
    let repository = "arn:aws:ecr:us-west-2:444455556666:repository/team/x";
    let secret = |name: &str| format!("arn:aws:secretsmanager:us-west-2:111122223333:secret:{name}");
    let secrets = ["token-AbCdEf", "token-??????", "team/*"].map(secret);
    let secrets = secrets.each_ref().map(String::as_str);
    let read_key = json!({
        "StringEquals": { "kms:ViaService": via("s3") },
        "StringLike": { "kms:EncryptionContext:aws:s3:arn": contexts },
    });
    let mut by_alias = read_key.clone();
    by_alias["ForAnyValue:StringEquals"] = json!({ "kms:ResourceAliases": ["alias/mine"] });
    let former_key = json!({
        "StringLike": { "kms:EncryptionContext:aws:s3:arn": contexts, "kms:ViaService": via("s3") },
    });
    let decrypt = json!({
        "StringEquals": { "kms:ViaService": via("secretsmanager") },
        "StringLike": { "kms:EncryptionContext:SecretARN": secrets },
    });
    let listed = json!({
        "StringEquals": { "aws:ResourceAccount": ["111122223333"] },
        "StringLike": { "s3:prefix": ["in/", "in/*"] },
    });
    let [table, indexes] =
        ["labels", "labels/index/*"].map(|name| format!("arn:aws:dynamodb:us-west-2:111122223333:table/{name}"));
    let (table, indexes) = (table.as_str(), indexes.as_str());
    let queue = "arn:aws:sqs:us-west-2:111122223333:jobs";
    let nothing_seen = json!({ "StringEqualsIfExists": { "dynamodb:ReturnValues": ["NONE"] } });
    let of_parameter = json!({
        "StringEquals": { "kms:ViaService": via("ssm") },
        "StringLike": {
            "kms:EncryptionContext:PARAMETER_ARN": ["arn:aws:ssm:us-west-2:111122223333:parameter/token"],
        },
    });
    let objects: &[&str] = &["arn:aws:s3:::acme/*", "arn:aws:s3:::other/in/*"];
    vec![
        one("AList", &["s3:ListBucket"], &["arn:aws:s3:::acme"], owned("StringEquals")),
        one("AListPrefix", &["s3:ListBucket"], &["arn:aws:s3:::acme"], listed),
        one("ARead", &["s3:GetObject"], objects, owned("StringEquals")),
        one("ARead2", &["s3:GetObject"], objects, owned("StringLike")),
        one("AWriteAB", &["s3:AbortMultipartUpload", "s3:PutObject"], objects, owned("StringEquals")),
        one("AReadWrite", object_store::on_objects(Access::ReadWrite), objects, owned("StringEquals")),
        one("AManage", object_store::on_objects(Access::Manage), objects, owned("StringEquals")),
        one("APull", &repository::PULL, &[repository], Value::Null),
        one("APush", &repository::PUSH, &[repository], Value::Null),
        one("ALogin", &["ecr:GetAuthorizationToken"], &["*"], Value::Null),
        one("ASecrets", &["secretsmanager:GetSecretValue"], &secrets, Value::Null),
        one("ADecrypt", &["kms:Decrypt"], &[key], decrypt),
        one("AReadKey", &["kms:Decrypt"], &[key], read_key),
        one("AWriteKey", &["kms:Decrypt", "kms:GenerateDataKey"], &[any_key], by_alias),
        one("AFormerKey", &["kms:Decrypt"], &[key], former_key),
        one("AReadResource", &["dynamodb:Query", "dynamodb:Scan"], &[table, indexes], Value::Null),
        one("AWriteResource", &["dynamodb:PutItem", "dynamodb:UpdateItem"], &[table], nothing_seen),
        one("AWriteResource", &["sqs:GetQueueUrl", "sqs:SendMessage"], &[queue], Value::Null),
        one("AResourceKey", &["kms:Decrypt"], &[key], of_parameter),
    ]
}

/// Of the form of actions that a manifest lists.
fn listed() -> Vec<Value> {
    let on = |rest: &str| format!("arn:aws:{rest}");
    [
        ("kinesis:GetRecords", "kinesis:us-west-2:111122223333:stream/events"),
        ("es:ESHttpGet", "es:us-west-2:111122223333:domain/logs/*"),
        ("states:DescribeExecution", "states:us-west-2:111122223333:execution:train:*"),
    ]
    .map(|(action, rest)| one("AReadResource", &[action], &[&on(rest)], Value::Null))
    .into()
}

#[test]
fn what_anybody_could_have_listed_is_known_only_where_it_may_be_of_any_time() {
    for one in listed() {
        assert!(!is_written(&one, home()) && may_be_written(&one, home()), "{one:#}");
    }
    for (action, rest) in [
        ("kinesis:GetRecords", "kinesis:us-west-2:111122223333:stream/events/*"),
        ("es:DescribeDomain", "es:us-west-2:111122223333:domain/logs/*"),
        ("states:StartExecution", "states:us-west-2:111122223333:execution:train:*"),
        ("cloudtrail:DeleteTrail", "cloudtrail:us-west-2:111122223333:trail/audit"),
    ] {
        let one = one("AReadResource", &[action], &[&format!("arn:aws:{rest}")], Value::Null);
        assert!(!may_be_written(&one, home()), "{one:#}");
    }
}

#[test]
fn what_it_may_have_written_is_known_without_a_sid_and_without_an_owner() {
    for one in all().into_iter().chain(listed()) {
        let mut other = one.clone();
        assert!(may_be_written(&other, home()), "{one}");
        other.as_object_mut().expect("a statement").shift_remove("Sid");
        assert!(may_be_written(&other, home()), "{one}");
        let keys = other["Condition"]["StringEquals"].as_object_mut();
        if keys.is_some_and(|keys| keys.shift_remove("aws:ResourceAccount").is_some()) {
            assert!(may_be_written(&other, home()), "{one}");
        }
        other["Action"] = "*".into();
        assert!(!may_be_written(&other, home()), "{one}");
    }
    for other in [json!("x"), json!({}), json!({ "Condition": "x" }), json!({ "Condition": { "StringEquals": 1 } })] {
        assert!(!may_be_written(&other, home()), "{other}");
    }
}

#[test]
fn what_the_stack_writes_is_known_again_and_nothing_beside_it() {
    let push = |list: &mut Value, text: &str| list.as_array_mut().expect("a list").push(text.into());
    let edits: [Edit<'_>; 11] = [
        &|one| one["Sid"] = "AElse".into(),
        &|one| _ = one.as_object_mut().map(|one| one.shift_remove("Sid")),
        &|one| one["Effect"] = "Deny".into(),
        &|one| one["NotResource"] = one.as_object_mut().and_then(|one| one.shift_remove("Resource")).into(),
        &|one| one["NotResource"] = "x".into(),
        &|one| one["Principal"] = "*".into(),
        &|one| one["Resource"] = json!([]),
        &|one| push(&mut one["Resource"], "arn:aws:s3:::*"),
        &|one| push(&mut one["Action"], "s3:PutBucketPolicy"),
        &|one| _ = one["Action"].as_array_mut().map(Vec::pop),
        &|one| one["Condition"]["Bool"] = json!({ "aws:SecureTransport": "true" }),
    ];
    for statement in all() {
        assert!(is_written(&statement, home()), "{statement:#}");
        for (at, edit) in edits.into_iter().enumerate() {
            let mut edited = statement.clone();
            edit(&mut edited);
            assert!(!is_written(&edited, home()), "{at}: {edited:#}");
        }
        let mut edited = statement.clone();
        if edited.as_object_mut().and_then(|one| one.shift_remove("Condition")).is_some() {
            assert!(!is_written(&edited, home()), "{edited:#}");
        }
    }
}

#[test]
fn no_value_is_anything_but_what_a_grant_can_name() {
    for (from, to) in [
        ("\"arn:aws:s3:::acme\"", "\"arn:aws:s3:::*\""),
        ("\"arn:aws:s3:::acme\"", "\"arn:aws:s3:::acm?\""),
        ("arn:aws:s3:::acme/*", "arn:aws:s3:::*/*"),
        ("arn:aws:s3:::acme/*", "arn:aws:s3:::acme*"),
        ("arn:aws:s3:::acme/*", "arn:aws-cn:s3:::acme/*"),
        ("other/in/*", "other/in*"),
        ("other/in/*", "other/*/in/*"),
        ("acme/in/*", "acme/in*"),
        ("\"in/*\"", "\"in*\""),
        ("\"in/*\"", "\"*\""),
        ("\"in/\"", "\"\""),
        (":111122223333:", ":*:"),
        ("\"111122223333\"", "\"*\""),
        ("\"111122223333\"", "\"111122223333\",\"444455556666\""),
        (":us-west-2:", ":*:"),
        ("key/12-ab", "key/*"),
        ("repository/team/x", "repository/*"),
        ("repository/team/x", "repository/team/*"),
        ("secret:team/*", "secret:*/*"),
        ("token-??????", "token-?????"),
        ("alias/mine", "alias/*"),
        ("s3.us-west-2.amazonaws.com", "*"),
        ("secretsmanager.us-west-2.amazonaws.com", "s3.us-west-2.amazonaws.com"),
        ("StringLike", "StringNotLike"),
    ] {
        let mut changed = 0;
        for text in all().iter().map(Value::to_string) {
            let edited = text.replace(from, to);
            if edited != text {
                changed += 1;
                let edited: Value = serde_json::from_str(&edited).expect("JSON");
                assert!(!is_written(&edited, home()), "{from} to {to}: {edited:#}");
            }
        }
        assert!(changed > 0, "{from}");
    }
}
