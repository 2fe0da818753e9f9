//! Every operator, with values that satisfy it and values that do not.

use super::{Ask, ask, case};
use crate::authorization::condition::Value;

/// Operator, literal, values that satisfy, values that do not.
type Row = (&'static str, &'static str, &'static [&'static str], &'static [&'static str]);

#[test]
fn text() {
    let rows: [Row; 12] = [
        ("StringEquals", "'aB'", &["aB"], &["ab", "a", ""]),
        ("StringEqualsIgnoreCase", "'aÉ'", &["aÉ", "Aé"], &["a", ""]),
        ("StringNotEquals", "'aB'", &["ab", ""], &["aB"]),
        ("StringNotEqualsIgnoreCase", "'aB'", &["b"], &["AB", "aB"]),
        ("StringStartsWith", "'a/'", &["a/", "a/b"], &["A/b", "b/a/"]),
        ("StringStartsWithIgnoreCase", "'a/'", &["A/b"], &["b"]),
        ("StringNotStartsWith", "'a/'", &["A/b", "b"], &["a/b"]),
        ("StringNotStartsWithIgnoreCase", "'a/'", &["b"], &["A/b"]),
        ("StringLike", "'a*c?'", &["abcd", "acx"], &["ABCD", "abc"]),
        ("StringLikeIgnoreCase", "'A*C?'", &["abcd"], &["abc"]),
        ("StringNotLike", "'A*C?'", &["abcd"], &["ABCD"]),
        ("StringNotLikeIgnoreCase", "'A*C?'", &["abc"], &["abcd"]),
    ];
    for (operator, literal, yes, no) in rows {
        let case = case(&format!("@Resource[%B:path] {operator} {literal}"));
        yes.iter().for_each(|value| case.allows(&ask("a.b/c").resource("%B:path", *value)));
        no.iter().for_each(|value| case.denies(&ask("a.b/c").resource("%B:path", *value)));
        case.denies(&ask("a.b/c"));
    }
}

#[test]
fn moments() {
    let now = |value: &str| ask("a.b/c").environment("utcnow", Value::Time(value.to_owned()));
    let (before, same, after) = ("2022-05-31T23:59:59Z", "2022-06-01T00:00:00.0000Z", "2022-06-01T00:00:00.0000001Z");
    for (operator, expected) in [
        ("DateTimeEquals", [false, true, false]),
        ("DateTimeNotEquals", [true, false, true]),
        ("DateTimeGreaterThan", [false, false, true]),
        ("DateTimeGreaterThanEquals", [false, true, true]),
        ("DateTimeLessThan", [true, false, false]),
        ("DateTimeLessThanEquals", [true, true, false]),
    ] {
        let case = case(&format!("@Environment[UtcNow] {operator} '2022-06-01T00:00:00.0Z'"));
        for (moment, expected) in [before, same, after].into_iter().zip(expected) {
            if expected { case.allows(&now(moment)) } else { case.denies(&now(moment)) }
        }
        case.denies(&now("soon"));
    }
    case("@Environment[UtcNow] DateTimeLessThan '2024-02-29T00:00:00Z'").allows(&now("2024-02-28T23:59:59Z"));
    case("@Environment[UtcNow] DateTimeGreaterThan '2024-02-29T23:59:59Z'").allows(&now("2024-03-01T00:00:00Z"));
}

#[test]
fn numbers() {
    let level = |value: i64| ask("a.b/c").principal("%P:Set_Level", value);
    for (operator, expected) in [
        ("NumericEquals", [false, true, false]),
        ("NumericNotEquals", [true, false, true]),
        ("NumericGreaterThan", [false, false, true]),
        ("NumericGreaterThanEquals", [false, true, true]),
        ("NumericLessThan", [true, false, false]),
        ("NumericLessThanEquals", [true, true, false]),
    ] {
        let case = case(&format!("@Principal[%P:Set_Level] {operator} -5"));
        for (number, expected) in [-6, -5, 4].into_iter().zip(expected) {
            if expected { case.allows(&level(number)) } else { case.denies(&level(number)) }
        }
        case.denies(&ask("a.b/c").principal("%P:Set_Level", "-5"));
    }
}

#[test]
fn truth_and_guids() {
    let hns = |value: bool| ask("a.b/c").resource("%S:isHnsEnabled", value);
    let equals = case("@Resource[%S:isHnsEnabled] BoolEquals True");
    let not_equals = case("@Resource[%S:isHnsEnabled] BoolNotEquals true");
    equals.allows(&hns(true));
    equals.denies(&hns(false));
    not_equals.allows(&hns(false));
    not_equals.denies(&hns(true));

    let id = |value: &str| ask("a.b/c").request("%A:PrincipalId", Value::Guid(value.to_owned()));
    let (mine, other) = ("28C35FEA-2099-4cf5-8ad9-473547bc9423", "86951b8b-723a-407b-a74a-1bca3f0c95d0");
    for written in ["28c35fea-2099-4cf5-8ad9-473547bc9423", "'28c35fea-2099-4cf5-8ad9-473547bc9423'"] {
        let equals = case(&format!("@Request[%A:PrincipalId] GuidEquals {written}"));
        let not_equals = case(&format!("@Request[%A:PrincipalId] GuidNotEquals {written}"));
        equals.allows(&id(mine));
        equals.denies(&id(other));
        not_equals.allows(&id(other));
        not_equals.denies(&id(mine));
        not_equals.denies(&id("me"));
    }
}

/// The examples of "Azure role assignment condition format and syntax".
#[test]
fn cross_products() {
    for (text, expected) in [
        ("{'red', 'blue'} ForAnyOfAnyValues:StringEquals {'blue', 'green'}", true),
        ("{'red', 'blue'} ForAnyOfAnyValues:StringEquals {'orange', 'green'}", false),
        ("{'red', 'blue'} ForAllOfAnyValues:StringEquals {'orange', 'red', 'blue'}", true),
        ("{'red', 'blue'} ForAllOfAnyValues:StringEquals {'red', 'green'}", false),
        ("{10, 20} ForAnyOfAllValues:NumericLessThan {15, 18}", true),
        ("{10, 20} ForAnyOfAllValues:NumericLessThan {10, 18}", false),
        ("{10, 20} ForAllOfAllValues:NumericLessThan {5, 15, 18}", false),
        ("{10, 20} ForAllOfAllValues:NumericLessThan {25, 30}", true),
        ("{10, 20} ForAllOfAllValues:NumericLessThan {15, 25, 30}", false),
        ("{'red'} ForAnyOfAnyValues:StringNotEquals {'red', 'green'}", true),
        ("{'red'} ForAllOfAllValues:StringNotEquals {'red', 'green'}", false),
        ("{'a/b'} ForAnyOfAnyValues:StringLikeIgnoreCase {'B*', 'A*'}", true),
    ] {
        let case = case(text);
        if expected { case.allows(&ask("a.b/c")) } else { case.denies(&ask("a.b/c")) }
    }
}

#[test]
fn several_values_need_a_cross_product() {
    let several: Ask = ask("a.b/c").principal("%P:Set_Levels", Value::Numbers(vec![1, 2]));
    case("@Principal[%P:Set_Levels] ForAnyOfAnyValues:NumericEquals {2}").allows(&several);
    case("@Principal[%P:Set_Levels] ForAllOfAnyValues:NumericEquals {2}").denies(&several);
    case("@Principal[%P:Set_Levels] NumericEquals 2").denies(&several);
    case("@Principal[%P:Set_Levels] NumericNotEquals 3").denies(&several);
}

#[test]
fn nothing_on_the_left_satisfies_all_and_never_any() {
    let none = ask("a.b/c").request("%B/tags&$keys$&", []);
    case("@Request[%B/tags&$keys$&] ForAllOfAnyValues:StringEquals {'a'}").allows(&none);
    case("@Request[%B/tags&$keys$&] ForAllOfAllValues:StringEquals {'a'}").allows(&none);
    case("@Request[%B/tags&$keys$&] ForAnyOfAnyValues:StringEquals {'a'}").denies(&none);
    case("@Request[%B/tags&$keys$&] ForAnyOfAllValues:StringEquals {'a'}").denies(&none);
}
