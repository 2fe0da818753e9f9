//! Properties of the parser, the printer and the evaluation.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::long;
use crate::authorization::condition::ast::{Attribute, Condition, Expression, Literal, Operand, Source};
use crate::authorization::condition::operators::{Family, Operator};
use crate::authorization::condition::{AccessRequest, Attributes, catalogue, evaluate, parse, types};

const NAMES: [(Source, &str); 8] = [
    (Source::Resource, "%C:name"),
    (Source::Resource, "%S:isHnsEnabled"),
    (Source::Request, "%B/tags:Key One<$>"),
    (Source::Request, "%B/tags&$keys$&"),
    (Source::Request, "%B:versionId"),
    (Source::Request, "%A:PrincipalId"),
    (Source::Principal, "%P:Set_Name"),
    (Source::Environment, "UtcNow"),
];

/// Pieces that texts of conditions are made of.
const PIECES: [&str; 30] = [
    "(",
    ")",
    "{",
    "}",
    ",",
    "!",
    "&&",
    "||",
    "AND",
    "OR",
    "NOT",
    "'",
    "'a'",
    "@",
    "[",
    "]",
    " ",
    "true",
    "-1",
    "*",
    "@Resource[",
    "@Environment[UtcNow]",
    "ActionMatches",
    "{'a.b/*'}",
    "Exists",
    "StringEquals",
    "DateTimeEquals",
    "ForAnyOfAnyValues:",
    "'2022-06-01T00:00:00.0Z'",
    "é",
];

/// A moment, on a day that every month has; the others are examples in the tests of moments.
const MOMENT: &str = "[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])\
    T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\\.[0-9]{1,7})?Z";

fn attribute() -> impl Strategy<Value = Attribute> + Clone {
    select(NAMES.as_slice()).prop_map(|(source, name)| Attribute { source, name: long(name) })
}

fn literal(family: Family) -> BoxedStrategy<Literal> {
    match family {
        Family::Text => "[^'\\p{Cc}]{0,12}".prop_map(Literal::Text).boxed(),
        Family::Number => any::<i64>().prop_map(Literal::Number).boxed(),
        Family::Bool => any::<bool>().prop_map(Literal::Bool).boxed(),
        Family::Time => MOMENT.prop_map(Literal::Text).boxed(),
        Family::Guid => ("[0-9a-fA-F]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", any::<bool>())
            .prop_map(|(guid, quoted)| if quoted { Literal::Text(guid) } else { Literal::Guid(guid) })
            .boxed(),
    }
}

fn comparison() -> impl Strategy<Value = Expression> {
    let operators: Vec<Operator> = Operator::all().collect();
    (attribute(), select(operators))
        .prop_filter("types that do not fit", |(attribute, operator)| {
            types::left(&Operand::Attribute(attribute.clone()), *operator).is_ok()
        })
        .prop_flat_map(|(attribute, operator)| {
            let family = operator.family();
            let written = if operator.cross.is_some() {
                vec(literal(family), 1..4).prop_map(Operand::Set).boxed()
            } else {
                literal(family).prop_map(Operand::One).boxed()
            };
            let same = Just(Operand::Attribute(attribute.clone()));
            prop_oneof![3 => written.boxed(), 1 => same.boxed()]
                .prop_map(move |right| Expression::Compare(Operand::Attribute(attribute.clone()), operator, right))
        })
}

fn expression() -> impl Strategy<Value = Expression> {
    let leaf = prop_oneof![
        "Microsoft\\.[A-Za-z]{1,8}(/([a-z]{1,8}|\\*)){1,3}".prop_map(Expression::Action),
        select(catalogue::SUB_OPERATIONS.as_slice()).prop_map(|name| Expression::SubOperation(name.to_owned())),
        attribute().prop_map(Expression::Exists),
        comparison(),
    ];
    leaf.prop_recursive(5, 16, 3, |inner| {
        prop_oneof![
            inner.clone().prop_map(|inner| Expression::Not(Box::new(inner))),
            vec(inner.clone(), 2..4).prop_map(Expression::And),
            vec(inner, 2..4).prop_map(Expression::Or),
        ]
    })
}

proptest! {
    #[test]
    fn any_text_parses_or_is_refused_within_its_bounds(text in any::<String>()) {
        if let Err(error) = parse(&text) {
            prop_assert!(text.is_char_boundary(error.offset), "{}", error);
        }
    }

    #[test]
    fn any_mix_of_pieces_parses_or_is_refused_within_its_bounds(pieces in vec(select(PIECES.as_slice()), 0..40)) {
        let text = pieces.concat();
        match parse(&text) {
            Ok(condition) => prop_assert_eq!(parse(&condition.to_string()), Ok(condition)),
            Err(error) => prop_assert!(text.is_char_boundary(error.offset), "{}", error),
        }
    }

    #[test]
    fn what_is_printed_parses_to_the_same(root in expression()) {
        let condition = Condition { root };
        let printed = condition.to_string();
        prop_assume!(printed.len() <= crate::authorization::condition::MAX_BYTES);
        prop_assert_eq!(parse(&printed), Ok(condition), "{}", printed);
    }

    #[test]
    fn a_condition_cut_short_does_not_panic(root in expression(), at in any::<prop::sample::Index>()) {
        let printed = Condition { root }.to_string();
        let cut: String = printed.chars().take(at.index(printed.chars().count())).collect();
        if let Err(error) = parse(&cut) {
            prop_assert!(cut.is_char_boundary(error.offset), "{}", error);
        }
    }

    #[test]
    fn a_condition_and_its_negation_never_both_hold(root in expression(), name in "[ab]{0,2}", hns in any::<bool>()) {
        let resource =
            Attributes::new().with(&long("%C:name"), name.as_str()).with(&long("%S:isHnsEnabled"), hns);
        let request = AccessRequest { resource: &resource, ..AccessRequest::new("Microsoft.a/b") };
        let condition = Condition { root: root.clone() };
        let negated = Condition { root: Expression::Not(Box::new(root)) };
        let both = evaluate(&condition, &request) && evaluate(&negated, &request);
        prop_assert!(!both, "{}", condition);
    }
}
