use serde_json::json;

use super::*;

type Edit<'a> = &'a dyn Fn(&mut Value);

fn asked() -> Value {
    json!({
        "Sid": "AListPrefix", "Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"],
        "Resource": ["arn:aws:s3:::acme", "arn:aws:s3:::acme/in/*"],
        "Condition": { "StringEquals": { "aws:ResourceAccount": ["1"] }, "StringLike": { "s3:prefix": ["in/", "in/*"] } },
    })
}

fn told(by_hand: impl Fn(&mut Value)) -> Vec<String> {
    let mut there = asked();
    by_hand(&mut there);
    of(&[there], &[asked()], |id| id == "nobody")
}

#[test]
fn what_is_narrower_or_only_looks_different_is_nothing_more() {
    let narrower: [Edit<'_>; 10] = [
        &|_| {},
        &|one| one["Sid"] = "Other".into(),
        &|one| one["Effect"] = "Deny".into(),
        &|one| one["Action"] = "S3:getobject".into(),
        &|one| one["Resource"] = json!(["arn:aws:s3:::acme/in/a*b"]),
        &|one| one["Condition"]["StringLike"]["s3:prefix"] = json!("in/a/*"),
        &|one| {
            one["Condition"]["StringLike"].take();
            one["Condition"] = json!({ "StringEquals": { "s3:prefix": "in/a", "aws:ResourceAccount": "1" } });
        },
        &|one| one["Condition"]["Bool"] = json!({ "aws:SecureTransport": "true" }),
        &|one| one["Principal"] = json!({ "AWS": "nobody" }),
        &|one| one["Action"] = json!([]),
    ];
    for (at, by_hand) in narrower.into_iter().enumerate() {
        assert_eq!(told(by_hand), Vec::<String>::new(), "{at}");
    }
}

#[test]
fn whatever_is_more_is_told() {
    let wider: [(Edit<'_>, &str); 13] = [
        (&|one| one["Action"] = "s3:*".into(), "allows s3:* on arn:aws:s3:::acme, arn:aws:s3:::acme/in/*, which"),
        (&|one| one["Action"] = json!(["s3:GetObject", "s3:PutObject"]), "allows s3:PutObject on arn"),
        (&|one| one["Resource"] = "*".into(), "on *, which the manifest does not ask for (statement AListPrefix)"),
        (&|one| one["Resource"] = "arn:aws:s3:::acme/*".into(), "on arn:aws:s3:::acme/*, which"),
        (&|one| one["Resource"] = "arn:aws:s3:::acm?".into(), "on arn:aws:s3:::acm?, which"),
        (&|one| one["Principal"] = "*".into(), " to *, which"),
        (&|one| one["Condition"]["StringLike"]["s3:prefix"] = "*".into(), " also where s3:prefix is *, which"),
        (
            &|one| _ = one["Condition"].as_object_mut().map(|it| it.remove("StringLike")),
            " without its condition on s3:prefix, which",
        ),
        (
            &|one| _ = one.as_object_mut().map(|it| it.remove("Condition")),
            " without its condition on aws:ResourceAccount, s3:prefix, which",
        ),
        (&|one| one["Condition"]["StringEquals"] = json!({}), " without its condition on aws:ResourceAccount, which"),
        (&|one| one["NotAction"] = one["Action"].take(), "allows what can't be compared"),
        (&|one| one["Effect"] = "allow".into(), "allows what can't be compared"),
        (&|one| *one = json!({ "Sid": "A", "Text": "{}" }), "allows what can't be compared"),
    ];
    for (by_hand, expected) in wider {
        let told = told(by_hand);
        assert!(told.len() == 1 && told[0].contains(expected), "{expected}: {told:?}");
    }
}

/// What is asked for, what is there, and what that lets through beyond it.
#[test]
fn conditions_are_compared_by_what_they_let_through() {
    let cases = [
        // As much, in another form.
        ("StringEquals", json!("a"), "StringLike", json!("a"), ""),
        ("StringEquals", json!(["a", "b"]), "StringLike", json!("b"), ""),
        ("StringEquals", json!("a"), "ForAnyValue:StringEquals", json!("a"), ""),
        ("StringEquals", json!("a"), "ForAnyValue:StringLike", json!("a"), ""),
        ("StringLike", json!("a/*"), "StringEquals", json!("a/b"), ""),
        ("StringLike", json!("a/*"), "StringLike", json!(["a/*", "a/b/*"]), ""),
        ("StringLike", json!("a/*"), "ForAnyValue:StringLike", json!("a/*"), ""),
        ("ForAnyValue:StringEquals", json!("a"), "ForAnyValue:StringLike", json!("a"), ""),
        ("ArnEquals", json!("arn:*"), "ArnLike", json!("arn:*"), ""),
        ("ArnLike", json!("arn:x"), "StringEquals", json!("arn:x"), ""),
        ("Bool", json!("true"), "Bool", json!("true"), ""),
        // More, and how.
        ("StringEquals", json!("a"), "StringEquals", json!(["a", "b"]), "also where k is b"),
        ("StringEquals", json!("a"), "StringLike", json!("a*"), "also where k is a*"),
        ("StringEquals", json!("a*"), "StringLike", json!("a*"), "also where k is a*"),
        ("StringEquals", json!("a?"), "ForAnyValue:StringLike", json!("a?"), "also where k is a?"),
        ("StringEquals", json!("a"), "ForAnyValue:StringEquals", json!(["a", "b"]), "also where k is b"),
        ("StringLike", json!("a/*"), "StringLike", json!("*"), "also where k is *"),
        ("StringEquals", json!("a"), "StringEqualsIfExists", json!("a"), "also where k is not there"),
        ("StringLike", json!("a*"), "StringLikeIfExists", json!("a*"), "also where k is not there"),
        ("StringEquals", json!("a"), "StringLikeIfExists", json!("a"), "also where k is not there"),
        ("StringEquals", json!("a"), "ForAllValues:StringEquals", json!("a"), "also where k has no value"),
        ("ForAnyValue:StringEquals", json!("a"), "ForAllValues:StringEquals", json!("a"), "also where k has no value"),
        ("StringEquals", json!("a"), "StringEqualsIgnoreCase", json!("a"), "also where k differs in case"),
        // What can't be compared.
        ("StringEquals", json!("a"), "StringEqualsIfExists", json!("b"), "without its condition on k"),
        ("StringEquals", json!("a"), "StringNotEquals", json!("a"), "without its condition on k"),
        ("StringEquals", json!("1"), "StringEquals", json!(1), "without its condition on k"),
        ("ForAnyValue:StringEquals", json!("a"), "StringEquals", json!("a"), "without its condition on k"),
        ("Bool", json!("true"), "BoolIfExists", json!("true"), "also where k is not there"),
        ("Bool", json!("true"), "Bool", json!("false"), "without its condition on k"),
    ];
    for (asked, values, operator, there, expected) in cases {
        let of_condition = |operator: &str, values: &Value, key: &str| json!({ "Effect": "Allow", "Action": "a:b", "Resource": "*", "Condition": { operator: { key: values } } });
        for key in ["k", "K"] {
            let told = of(&[of_condition(operator, &there, key)], &[of_condition(asked, &values, "k")], |_| false);
            let expected: Vec<_> = [expected].into_iter().filter(|text| !text.is_empty()).collect();
            let expected: Vec<_> = expected
                .into_iter()
                .map(|how| format!("allows a:b on * {how}, which the manifest does not ask for"))
                .collect();
            assert_eq!(told, expected, "{asked} {values}, {operator} {there}, {key}");
        }
    }
    // Of two operators, the narrower one counts.
    let both = json!({ "StringEquals": { "k": "a" }, "StringLike": { "k": "*" } });
    let one = |condition: Value| json!({ "Effect": "Allow", "Action": "a:b", "Resource": "*", "Condition": condition });
    let asked = one(json!({ "StringEquals": { "k": "a" } }));
    assert!(of(&[one(both)], &[asked], |_| false).is_empty());
}

#[test]
fn a_denial_that_is_gone_is_told() {
    let deny = json!({ "Sid": "No", "Effect": "Deny", "Action": "*", "Resource": "*" });
    assert!(of(&[deny.clone(), asked()], &[asked(), deny.clone()], |_| false).is_empty());
    assert_eq!(of(&[asked()], &[asked(), deny], |_| false), ["does not deny what it is to deny (statement No)"]);
}

#[test]
fn several_statements_together_may_ask_for_it() {
    let one = |action: &str, resource: &str| json!({ "Effect": "Allow", "Action": action, "Resource": resource });
    let wanted = [one("a:x", "1"), one("a:y", "1"), one("a:x", "2")];
    let there = |action: Value, resource: Value| [json!({ "Effect": "Allow", "Action": action, "Resource": resource })];
    assert!(of(&there(json!(["a:x", "a:y"]), json!("1")), &wanted, |_| false).is_empty());
    assert!(of(&there(json!("a:x"), json!(["1", "2"])), &wanted, |_| false).is_empty());
    let told = of(&there(json!(["a:x", "a:y"]), json!(["1", "2"])), &wanted, |_| false);
    assert_eq!(told, ["allows a:y on 2, which the manifest does not ask for"]);
}

#[test]
fn a_pattern_covers_what_all_of_another_one_stands_for() {
    for (pattern, text, is_covered) in [
        ("*", "a*", true),
        ("a*", "a", true),
        ("a*c", "abc", true),
        ("a*c", "a*c", true),
        ("a*b*c", "ab*bc", true),
        ("a*bc", "abcbc", true),
        ("a*", "*", false),
        ("a", "a*", false),
        ("a*c", "ac*", false),
        ("ab*ba", "aba", false),
        ("a?", "ab", false),
    ] {
        assert_eq!(matches_case(pattern, text), is_covered, "{pattern} of {text}");
    }
}
