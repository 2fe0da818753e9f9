//! Texts that are no conditions, each with what is said about it and where.

use super::long;
use crate::authorization::condition::{MAX_BYTES, MAX_DEPTH, SyntaxError, parse};

#[track_caller]
fn refused(text: &str) -> SyntaxError {
    parse(text).expect_err(text)
}

/// Asserts a part of the message, and the text from the error's place on.
#[track_caller]
fn wrong(text: &str, message: &str, at: &str) {
    let text = long(text);
    let error = refused(&text);
    assert!(error.message.contains(message), "{error}");
    assert!(text[error.offset..].starts_with(at), "{error}: {}", &text[error.offset..]);
    assert_eq!(at.is_empty(), error.offset == text.len(), "{error}");
}

#[test]
fn structure() {
    wrong("", "an expression should stand here, not the end", "");
    wrong("  \n\t", "an expression should stand here, not the end", "");
    wrong("()", "an expression should stand here, not ')'", ")");
    wrong("(ActionMatches{'a.b/c'}", "')' should stand here, not the end", "");
    wrong("ActionMatches{'a.b/c'})", "')' closes no '('", ")");
    wrong("ActionMatches{'a.b/c'} ActionMatches{'a.b/d'}", "AND or OR should come before", "ActionMatches{'a.b/d'}");
    wrong("ActionMatches{'a.b/c'} AND", "an expression should stand here, not the end", "");
    wrong("AND ActionMatches{'a.b/c'}", "an expression should stand here, not AND", "AND");
    wrong("NOT", "an expression should stand here, not the end", "");
    wrong("ActionMatches{'a.b/c'} & ActionMatches{'a.b/c'}", "'&' has no meaning here", "& ");
    wrong("ActionMatches{'a.b/c'};", "';' has no meaning here", ";");
    wrong("ActionMatches{\u{2018}a.b/c\u{2019}}", "has no meaning here", "\u{2018}");
    wrong("ActionMatches\u{a0}{'a.b/c'}", "has no meaning here", "\u{a0}");
}

#[test]
fn and_beside_or() {
    let three = "ActionMatches{'a.b/c'} AND ActionMatches{'a.b/d'} OR ActionMatches{'a.b/e'}";
    wrong(three, "need parentheses", "OR");
    wrong("ActionMatches{'a.b/c'} || ActionMatches{'a.b/d'} && ActionMatches{'a.b/e'}", "need parentheses", "&&");
    assert!(parse("(ActionMatches{'a.b/c'} AND ActionMatches{'a.b/d'}) OR ActionMatches{'a.b/e'}").is_ok());
    assert!(parse("ActionMatches{'a.b/c'} AND (ActionMatches{'a.b/d'} OR ActionMatches{'a.b/e'})").is_ok());
}

#[test]
fn functions() {
    wrong("ActionMatch{'a.b/c'}", "'ActionMatch' is not a function", "ActionMatch{");
    wrong("ActionMatches('a.b/c')", "'{' should stand here, not '('", "('");
    wrong("ActionMatches{a.b/c}", "a text between single quotes should stand here, not 'a.b/c'", "a.b/c}");
    wrong("ActionMatches{\"a.b/c\"}", "not double ones", "\"a");
    wrong("ActionMatches{}", "a text between single quotes should stand here", "}");
    wrong("ActionMatches{'a.b/c', 'a.b/d'}", "'}' should stand here, not ','", ",");
    wrong("ActionMatches{'a.b/c'", "'}' should stand here, not the end", "");
    for action in ["", "read", "Microsoft.Storage", "Microsoft.Storage/", "Microsoft.Storage//read", "a.b/c d", "a/b"] {
        wrong(&format!("ActionMatches{{'{action}'}}"), "is not an action", &format!("'{action}'"));
    }
    wrong("SubOperationMatches{'Blob.Delete'}", "'Blob.Delete' is not a sub-operation", "'Blob");
    wrong("SubOperationMatches{'*'}", "is not a sub-operation", "'*");
    wrong("Exists 'a'", "an attribute should stand here, not a text", "'a'");
    wrong("Exists", "an attribute should stand here, not the end", "");
    wrong("Exists(@Resource[%C:name])", "an attribute should stand here, not '('", "(@");
}

#[test]
fn attributes() {
    wrong("@User[%C:name] StringEquals 'a'", "'@User' is not one of @Environment", "@User");
    wrong("@ [x] StringEquals 'a'", "'@' is not one of", "@ ");
    wrong("Resource[%C:name] StringEquals 'a'", "an attribute has its source before '['", "[");
    wrong("@Resource %C:name StringEquals 'a'", "'[' and an attribute's name follow @Resource", " Micro");
    wrong("@Resource[%C:name StringEquals 'a'", "lacks its closing ']'", "[Micro");
    for name in [
        "",
        "%C",
        "%C:nam",
        "%C/name",
        "name1",
        " %C:name",
        "%C:ContainerName",
        "%B/tags:Project",
        "%B/tags:Project<$",
        "%B/tags:<$>",
        "%B/tags:Pro$ject<$>",
        "%B/tags&$key$&",
        "%C/metadata:",
        "é",
    ] {
        let name = long(name);
        wrong(
            &format!("@Resource[{name}] StringEquals 'a'"),
            &format!("Resource attribute {name} is not valid"),
            "@Resource",
        );
    }
    wrong("@Request[%C:name] StringEquals 'a'", "is no attribute of @Request", "@Request");
    wrong("Exists @Resource[UtcNow]", "UtcNow is no attribute of @Resource", "@Resource");
    wrong("@Resource[%R:name] StringEquals 'a'", "is no attribute of @Resource", "@Resource");
}

#[test]
fn operators() {
    wrong("@Resource[%C:name] Equals 'a'", "'Equals' is not an operator", "Equals");
    wrong("@Resource[%C:name] = 'a'", "'=' has no meaning here", "=");
    wrong("@Resource[%C:name] 'a'", "an operator should stand here, not a text", "'a'");
    wrong("@Resource[%C:name]", "an operator should stand here, not the end", "");
    wrong("@Resource[%C:name] StringEquals", "a value should stand here, not the end", "");
    wrong("@Resource[%C:name] ForSome:StringEquals {'a'}", "'ForSome' is not a comparison of sets", "ForSome");
    wrong("@Resource[%C:name] ForAnyOfAnyValues:Equals {'a'}", "'Equals' is not an operator", "ForAny");
    // Neither is in the documentation's lists.
    wrong("@Environment[UtcNow] IpMatch '10.0.0.0/8'", "'IpMatch' is not an operator", "IpMatch");
    for test in ["StringStartsWith", "StringNotStartsWithIgnoreCase", "BoolEquals", "DateTimeLessThan"] {
        let text = format!("@Resource[%C:name] ForAnyOfAnyValues:{test} {{'a'}}");
        wrong(&text, &format!("{test} does not extend to sets"), "ForAny");
    }
}

#[test]
fn values() {
    wrong("@Resource[%C:name] StringEquals a", "'a' stands without single quotes", "a");
    wrong("@Resource[%C:name] StringEquals 'a", "lacks its closing single quote", "'a");
    wrong("@Resource[%C:name] StringEquals \"a\"", "not double ones", "\"a");
    wrong("@Resource[%C:name] StringEquals 'a\u{7}b'", "control character", "\u{7}");
    wrong("@Resource[%C:name] StringEquals 'it's'", "lacks its closing single quote", "'");
    wrong("'a' StringEquals @Resource[%C:name]", "an attribute stands on the left", "'a'");
    wrong("@Resource[%C:name] StringEquals {'a'}", "compares single values, not a set", "{'a'}");
    wrong("@Resource[%C:name] ForAnyOfAnyValues:StringEquals 'a'", "takes its values as a set", "'a'");
    wrong("@Resource[%C:name] ForAnyOfAnyValues:StringEquals {}", "a value should stand here, not '}'", "}");
    wrong("@Resource[%C:name] ForAnyOfAnyValues:StringEquals {'a',}", "a value should stand here, not '}'", "}");
    wrong("@Resource[%C:name] ForAnyOfAnyValues:StringEquals {'a' 'b'}", "'}' should stand here, not a text", "'b'");
    wrong("@Resource[%C:name] ForAnyOfAnyValues:StringEquals {'a', 'b'", "'}' should stand here, not the end", "");
}

#[test]
fn types() {
    wrong("@Resource[%C:name] StringEquals 1", "1 is not text between single quotes", "1");
    wrong("@Resource[%C:name] StringEquals true", "true is not text", "true");
    wrong("@Resource[%C:name] NumericEquals 1", "NumericEquals compares a whole number, which", "@Resource");
    wrong("@Resource[%S:isHnsEnabled] StringEquals 'true'", "StringEquals compares text, which", "@Resource");
    wrong("@Resource[%S:isHnsEnabled] BoolEquals 'true'", "'true' is not true or false", "'true'");
    wrong("@Principal[%P:Set_Level] NumericEquals '1'", "'1' is not a whole number", "'1'");
    wrong("@Principal[%P:Set_Level] NumericEquals 1.5", "'1.5' is not a whole number of 64 bits", "1.5");
    wrong("@Principal[%P:Set_Level] NumericEquals 9223372036854775808", "not a whole number of 64 bits", "922");
    wrong("@Principal[%P:Set_Level] GuidEquals 'a'", "compares a GUID, which", "@Principal");
    wrong("@Environment[UtcNow] DateTimeEquals '2022-06-01'", "'2022-06-01' is not a moment such as", "'2022");
    wrong("@Environment[UtcNow] DateTimeEquals 5", "5 is not a moment", "5");
    wrong("@Request[%B:versionId] StringEquals '2022-06-01T00:00:00.0Z'", "compares text, which", "@Request");
    wrong("@Request[%A:PrincipalId] GuidEquals 'me'", "'me' is not a GUID such as", "'me'");
    wrong("@Request[%A:PrincipalId] GuidEquals 28c35fea-2099", "stands without single quotes", "28c35");
    wrong("@Request[%B/tags&$keys$&] StringEquals 'a'", "holds several values", "@Request");
    wrong(
        "@Resource[%C:name] StringEquals @Resource[%S:isHnsEnabled]",
        "StringEquals compares text",
        "@Resource[Microsoft.Storage/storageAccounts:is",
    );
    wrong("@Resource[%C:name] ForAnyOfAnyValues:StringEquals {'a', 2}", "2 is not text", "{'a', 2}");
}

#[test]
fn length() {
    let longest = format!("{}ActionMatches{{'a.b/c'}}", " ".repeat(MAX_BYTES - 22));
    assert_eq!(longest.len(), MAX_BYTES);
    assert!(parse(&longest).is_ok());
    let error = refused(&format!(" {longest}"));
    assert_eq!(
        (error.offset, error.message.as_str()),
        (MAX_BYTES, "a condition has at most 8192 bytes, this one 8193")
    );
}

#[test]
fn nesting() {
    let nested = |open: &str, close: &str, depth| {
        format!("{}ActionMatches{{'a.b/c'}}{}", open.repeat(depth), close.repeat(depth))
    };
    for (open, close) in [("(", ")"), ("!", ""), ("NOT ", "")] {
        assert!(parse(&nested(open, close, MAX_DEPTH)).is_ok());
        let error = refused(&nested(open, close, MAX_DEPTH + 1));
        assert_eq!((error.offset, error.message.as_str()), (open.len() * (MAX_DEPTH + 1), "nested more than 64 deep"));
    }
    let error = refused(&"(".repeat(MAX_BYTES));
    assert_eq!(error.message, "nested more than 64 deep");
}

#[test]
fn errors_say_where() {
    assert_eq!(
        refused("ActionMatches{'a.b/c'} OR").to_string(),
        "an expression should stand here, not the end (at byte 25)"
    );
}
