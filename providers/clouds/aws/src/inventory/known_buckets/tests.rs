use serde_json::{Value, json};

use super::*;

fn facts(statements: Value) -> Vec<(String, Bucket)> {
    let document = json!({"Version": "2012-10-17", "Statement": statements});
    let mut facts: BTreeMap<String, Facts> = BTreeMap::new();
    for (bucket, said) in said(&document.to_string(), false) {
        facts.entry(bucket).or_default().add(said);
    }
    let own = AccountId::parse("111122223333").expect("an account");
    let facts = facts.into_iter().filter(|(_, facts)| facts.says_something());
    facts.map(|(name, facts)| (name, facts.bucket(&own))).collect()
}

fn on(resource: &str, operator: &str, owner: &str) -> Value {
    let (sid, action) = if resource.contains('/') { ("OneRead", "s3:GetObject") } else { ("OneList", "s3:ListBucket") };
    json!({"Sid": sid, "Effect": "Allow", "Action": [action], "Resource": [resource],
           "Condition": {operator: {"aws:ResourceAccount": [owner]}}})
}

fn with_key(key: &str, region: &str) -> Value {
    json!({"Sid": "OneReadKey", "Effect": "Allow", "Action": ["kms:Decrypt"], "Resource": [key], "Condition": {
        "StringEquals": {"kms:ViaService": [format!("s3.{region}.amazonaws.com")]},
        "StringLike": {"kms:EncryptionContext:aws:s3:arn": ["arn:aws:s3:::acme", "arn:aws:s3:::acme/in/*"]},
    }})
}

const KEY: &str = "arn:aws:kms:us-west-2:111122223333:key/1234";

#[test]
fn what_was_found_out_stands_in_the_policy() {
    let account = || Owner::Account(AccountId::parse("111122223333").expect("an account"));
    let objects = on("arn:aws:s3:::acme/in/*", READ, "111122223333");
    let bucket = |encryption| vec![("acme".to_owned(), Bucket::new(account(), encryption))];
    assert_eq!(facts(json!([objects])), bucket(Encryption::NoKey));
    let account = AccountId::parse("111122223333").expect("an account");
    let key = Key { arn: KEY.to_owned(), alias: None, region: "us-west-2".to_owned(), account };
    assert_eq!(facts(json!([objects, with_key(KEY, "us-west-2")])), bucket(Encryption::Key(key)));
    // Whoever only lists didn't ask; what couldn't be read isn't taken for no key.
    for unread in [on("arn:aws:s3:::acme", READ, "111122223333"), on("arn:aws:s3:::acme/*", UNREAD, "111122223333")] {
        assert_eq!(facts(json!([unread])), bucket(Encryption::Unknown));
    }
}

/// What somebody wrote into the policy, to stop the use of a key above all, is no key of the bucket's.
#[test]
fn what_is_no_statement_of_ours_says_nothing_of_a_bucket() {
    let objects = on("arn:aws:s3:::acme/in/*", READ, "111122223333");
    let changed = |of: &Value, key: &str, value: Value| {
        let mut changed = of.clone();
        changed[key] = value;
        changed
    };
    let key = with_key(KEY, "us-west-2");
    let mut former = changed(&key, "Sid", json!("OneFormerKey"));
    let via = former["Condition"]["StringEquals"].take();
    former["Condition"]["StringLike"]["kms:ViaService"] = via["kms:ViaService"].clone();
    former["Condition"].as_object_mut().expect("a map").remove("StringEquals");
    let undisturbed = facts(json!([objects, key, former]));
    assert!(undisturbed[0].1.former.len() == 1 && undisturbed[0].1.contradictions.is_none());
    for statement in [&objects, &key, &former] {
        for (part, value) in [
            ("Effect", json!("Deny")),
            ("Action", json!(["iam:*"])),
            ("Action", json!(["*"])),
            ("Sid", json!("SecurityTeamStop")),
            ("Sid", Value::Null),
        ] {
            let odd = changed(statement, part, value);
            assert_eq!(facts(json!([objects, key, former, odd])), undisturbed, "{odd}");
        }
    }
    // Its actions may be edited, or another version's.
    for (statement, action) in [(&objects, "s3:GetObjectTagging"), (&key, "kms:DescribeKey"), (&former, "kms:*")] {
        let edited = changed(statement, "Action", json!([statement["Action"][0], action]));
        let with = |one: &Value| if one == statement { edited.clone() } else { one.clone() };
        assert_eq!(facts(json!([with(&objects), with(&key), with(&former)])), undisturbed, "{edited}");
    }
}

/// Somebody may edit a condition so that nobody can tell any more whose the bucket is: that isn't that nothing was said.
#[test]
fn an_owner_that_cant_be_read_is_no_new_bucket() {
    let (own, other, third) = ("111122223333", "444455556666", "000011112222");
    let objects = |condition: Value| {
        json!({"Sid": "OneWrite", "Effect": "Allow", "Action": ["s3:PutObject"],
               "Resource": ["arn:aws:s3:::acme/*"], "Condition": condition})
    };
    let compared = |operator: &str, value: Value| json!({operator: {"aws:ResourceAccount": value}});
    let both = json!({READ: {"aws:ResourceAccount": other}, UNREAD: {"aws:ResourceAccount": [other]}});
    let excluded = json!({READ: {"aws:ResourceAccount": other}, "StringNotEquals": {"aws:ResourceAccount": own}});
    for (condition, owner, named) in [
        (compared(READ, json!([other, third])), None, vec![third, other]),
        (compared(UNREAD, json!([other, third])), None, vec![third, other]),
        (compared("StringEqualsIgnoreCase", json!(other)), Some(other), vec![other]),
        (both, Some(other), vec![other]),
        (excluded, Some(other), vec![other]),
        (compared("StringNotEquals", json!(other)), None, vec![]),
        (compared("ArnLike", json!([other])), None, vec![]),
        (compared("StringEqualsIfExists", json!([other])), None, vec![]),
        (compared(READ, json!(444_455_556_666_u64)), None, vec![]),
        (compared(READ, json!([other, 1, null])), Some(other), vec![other]),
        (compared(READ, json!([])), None, vec![]),
        (compared(READ, json!(["*"])), None, vec![]),
        (compared(READ, json!(["44445555????"])), None, vec![]),
    ] {
        let found = facts(json!([objects(condition.clone())]));
        let [(name, bucket)] = found.as_slice() else { panic!("{condition}: {found:?}") };
        let said: Vec<_> = bucket.contradictions.iter().flat_map(|said| &said.owners).map(AccountId::as_str).collect();
        assert!(name == "acme" && bucket.contradictions.is_some(), "{condition}: {bucket:?}");
        assert_eq!((bucket.account().map(AccountId::as_str), said), (owner, named), "{condition}");
    }
    // Keys of conditions are the same in any case, and so are actions; one of another service beside changes nothing.
    let mut spelled = objects(json!({READ: {"AWS:resourceAccount": other}}));
    spelled["Action"] = json!(["S3:putobject", "kms:Decrypt"]);
    let [(_, bucket)] = &facts(json!([spelled]))[..] else { panic!("one") };
    assert!(bucket.account().is_some_and(|owner| owner.as_str() == other) && bucket.contradictions.is_none());
    // This is what is written where nobody knows whose it is.
    for condition in [json!({}), json!({"Bool": {"aws:SecureTransport": true}})] {
        assert_eq!(facts(json!([objects(condition)])), []);
    }
    let [(_, bucket)] = &facts(json!([objects(json!({})), on("arn:aws:s3:::acme", READ, other)]))[..] else {
        panic!("one")
    };
    assert!(bucket.account().is_some_and(|owner| owner.as_str() == other) && bucket.contradictions.is_none());
}

/// The same of a key: it is asked for anew, and nothing goes for an edit.
#[test]
fn a_key_that_cant_be_read_is_not_no_key() {
    let objects = on("arn:aws:s3:::acme/in/*", READ, "111122223333");
    let context = |operator: &str| json!({operator: {"kms:EncryptionContext:aws:s3:arn": ["arn:aws:s3:::acme"]}});
    let via = json!(["s3.us-west-2.amazonaws.com"]);
    let edited = [
        ("StringLike", json!({"StringEqualsIgnoreCase": {"kms:ViaService": via}})),
        ("StringLike", json!({"StringLike": {"kms:ViaService": via}})),
        ("StringLike", json!({"StringEquals": {"kms:ViaService": ["s3.us-west-2.amazonaws.com", "x"]}})),
        ("StringLike", json!({})),
        ("ArnLike", json!({"StringEquals": {"kms:ViaService": via}})),
    ];
    for (operator, compared) in edited {
        let mut key = with_key(KEY, "us-west-2");
        key["Condition"] = context(operator);
        for (operator, keys) in compared.as_object().expect("a map") {
            for (of, value) in keys.as_object().expect("a map") {
                key["Condition"][operator][of] = value.clone();
            }
        }
        let [(_, bucket)] = &facts(json!([objects, key]))[..] else { panic!("{key}") };
        assert!(bucket.contradictions.is_some() && bucket.account().is_some(), "{key}: {bucket:?}");
    }
}

#[test]
fn statements_have_no_sid_in_a_policy_that_scopes_share() {
    let mut objects = on("arn:aws:s3:::acme/in/*", READ, "111122223333");
    let text = |statement: &Value| json!({"Statement": [statement]}).to_string();
    assert_eq!((said(&text(&objects), false).len(), said(&text(&objects), true).len()), (1, 0));
    objects["Sid"].take();
    assert_eq!((said(&text(&objects), false).len(), said(&text(&objects), true).len()), (0, 1));
}

/// Whoever it is asked of then decides, among those that were named: nothing that is in use goes for a contradiction.
#[test]
fn where_statements_of_ours_contradict_each_other_the_bucket_is_asked_anew() {
    let objects = on("arn:aws:s3:::acme/in/*", READ, "111122223333");
    let other = on("arn:aws:s3:::acme/out/*", READ, "444455556666");
    let key = with_key(KEY, "us-west-2");
    let second = with_key("arn:aws:kms:us-west-2:111122223333:key/5", "us-west-2");
    for (statements, owners, keys) in [
        (json!([other, objects, other]), vec!["111122223333", "444455556666"], 0),
        (json!([on("arn:aws:s3:::acme/*", READ, "*")]), vec![], 0),
        (json!([on("arn:aws:s3:::acme/*", READ, "*"), key]), vec![], 1),
        (json!([objects, with_key("arn:aws:kms:us-west-2:111122223333:key/*", "us-west-2")]), vec!["111122223333"], 0),
        (json!([objects, with_key("*", "us-west-2")]), vec!["111122223333"], 0),
        (json!([objects, with_key(KEY, "eu-west-1")]), vec!["111122223333"], 0),
        (json!([objects, key, second]), vec!["111122223333"], 2),
    ] {
        let found = facts(statements.clone());
        let [(name, bucket)] = found.as_slice() else { panic!("{statements}: {found:?}") };
        assert_eq!(name, "acme");
        let named = bucket.contradictions.iter().flat_map(|contradictions| &contradictions.owners);
        let named: Vec<_> = named.map(AccountId::as_str).collect();
        assert!(bucket.contradictions.is_some() && named == owners, "{statements}: {bucket:?}");
        assert_eq!(bucket.account().map(AccountId::as_str), owners.first().copied(), "{statements}");
        assert_eq!(bucket.former.len() + usize::from(bucket.key().is_some()), keys, "{statements}");
    }
    assert_eq!(facts(json!([on("arn:aws:s3:::*/x", READ, "111122223333")])), []);
}
