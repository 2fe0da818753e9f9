//! Which objects a list holds: by their labels, or by some of their fields.
//!
//! Source: "Labels and Selectors"; the words of errors are those that a server's parser has.

use serde_json::Value;

use super::errors::{Answer, ApiError};

/// What labels an object must have; all of these.
#[derive(Debug, Default)]
pub(crate) struct Labels(Vec<Requirement>);

#[derive(Debug)]
struct Requirement {
    key: String,
    operator: Operator,
    values: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Operator {
    Exists,
    Absent,
    In,
    NotIn,
    Greater,
    Less,
}

impl Labels {
    /// Reads `a=b,c!=d,e in (f,g),h notin (i),j,!k`.
    pub(crate) fn parse(text: &str) -> Answer<Self> {
        let mut tokens = Tokens { tokens: tokens(text), at: 0 };
        let mut all = Vec::new();
        if tokens.peek().is_empty() {
            return Ok(Self(all));
        }
        loop {
            all.push(tokens.requirement()?);
            match tokens.take().as_str() {
                "" => return Ok(Self(all)),
                "," if tokens.peek().is_empty() => {
                    return Err(ApiError::bad_request("found '', expected: identifier after ','"));
                }
                "," => {}
                other => {
                    return Err(ApiError::bad_request(format!("found '{other}', expected: ',' or 'end of string'")));
                }
            }
        }
    }

    /// Whether an object's labels are such.
    pub(crate) fn match_object(&self, object: &Value) -> bool {
        let labels = &object["metadata"]["labels"];
        self.0.iter().all(|requirement| requirement.holds(labels.get(&requirement.key).and_then(Value::as_str)))
    }
}

impl Requirement {
    fn holds(&self, value: Option<&str>) -> bool {
        let among = || value.is_some_and(|value| self.values.iter().any(|one| one == value));
        let number = |text: &str| text.parse::<i64>().ok();
        let pair = || Some((number(value?)?, number(self.values.first()?)?));
        match self.operator {
            Operator::Exists => value.is_some(),
            Operator::Absent => value.is_none(),
            Operator::In => among(),
            Operator::NotIn => !among(),
            Operator::Greater => pair().is_some_and(|(has, than)| has > than),
            Operator::Less => pair().is_some_and(|(has, than)| has < than),
        }
    }
}

struct Tokens {
    tokens: Vec<String>,
    at: usize,
}

impl Tokens {
    /// The next token; nothing at the end.
    fn peek(&self) -> String {
        self.tokens.get(self.at).cloned().unwrap_or_default()
    }

    fn take(&mut self) -> String {
        let token = self.peek();
        self.at += 1;
        token
    }

    fn requirement(&mut self) -> Answer<Requirement> {
        let absent = self.peek() == "!";
        if absent {
            self.take();
        }
        let key = self.take();
        if key.is_empty() || !is_word(&key) {
            return Err(ApiError::bad_request(format!("found '{key}', expected: !, identifier, or 'end of string'")));
        }
        let plain = |operator| Ok(Requirement { key: key.clone(), operator, values: Vec::new() });
        if absent {
            return plain(Operator::Absent);
        }
        let operator = match self.peek().as_str() {
            "" | "," => return plain(Operator::Exists),
            "=" | "==" | "in" => Operator::In,
            "!=" | "notin" => Operator::NotIn,
            ">" => Operator::Greater,
            "<" => Operator::Less,
            other => {
                let expected = "in, notin, =, ==, !=, gt, lt";
                return Err(ApiError::bad_request(format!("found '{other}', expected: {expected}")));
            }
        };
        let values = if matches!(self.take().as_str(), "in" | "notin") { self.set()? } else { vec![self.value()?] };
        Ok(Requirement { key, operator, values })
    }

    /// The value behind `=`, which may be empty.
    fn value(&mut self) -> Answer<String> {
        match self.peek().as_str() {
            "" | "," => Ok(String::new()),
            word if is_word(word) => Ok(self.take()),
            other => Err(ApiError::bad_request(format!("found '{other}', expected: identifier"))),
        }
    }

    fn set(&mut self) -> Answer<Vec<String>> {
        let open = self.take();
        if open != "(" {
            return Err(ApiError::bad_request(format!("found '{open}' expected: '('")));
        }
        let mut values = Vec::new();
        loop {
            match self.take().as_str() {
                ")" => return Ok(values),
                "," => {}
                word if !word.is_empty() && is_word(word) => values.push(word.to_owned()),
                other => {
                    return Err(ApiError::bad_request(format!("found '{other}', expected: ',', ')' or identifier")));
                }
            }
        }
    }
}

const SPECIAL: &str = "=!(),<>";

fn is_word(token: &str) -> bool {
    !token.contains(|letter| SPECIAL.contains(letter))
}

fn tokens(text: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut begins = true;
    for letter in text.chars() {
        if letter.is_whitespace() {
            begins = true;
            continue;
        }
        let special = SPECIAL.contains(letter);
        let joins = match tokens.last() {
            Some(last) if special => letter == '=' && matches!(last.as_str(), "=" | "!"),
            Some(last) => !begins && is_word(last),
            None => false,
        };
        match tokens.last_mut() {
            Some(last) if joins => last.push(letter),
            _ => tokens.push(letter.to_string()),
        }
        begins = false;
    }
    tokens
}

/// What fields an object must have: `metadata.name=x,metadata.namespace!=y`.
#[derive(Debug, Default)]
pub(crate) struct Fields(Vec<(String, bool, String)>);

impl Fields {
    /// Reads them. `known` are the fields by which the resource can be selected.
    pub(crate) fn parse(text: &str, resource: &str, labels: &str, known: &[&str]) -> Answer<Self> {
        let mut all = Vec::new();
        for part in text.split(',').filter(|part| !part.is_empty()) {
            let (field, equal, value) = if let Some((field, value)) = part.split_once("!=") {
                (field, false, value)
            } else if let Some((field, value)) = part.split_once("==").or_else(|| part.split_once('=')) {
                (field, true, value)
            } else {
                return Err(ApiError::bad_request(format!("invalid selector: '{text}'; can't understand '{part}'")));
            };
            if !known.contains(&field) {
                return Err(ApiError::bad_request(format!(
                    "Unable to find \"/v1, Resource={resource}\" that match label selector {labels:?}, field selector \
                     {text:?}: field label not supported: {field}"
                )));
            }
            all.push((field.to_owned(), equal, value.to_owned()));
        }
        Ok(Self(all))
    }

    pub(crate) fn match_object(&self, object: &Value) -> bool {
        self.0.iter().all(|(field, equal, value)| {
            let found = field.split('.').try_fold(object, |object, part| object.get(part));
            (found.and_then(Value::as_str).unwrap_or_default() == value) == *equal
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn labels_are_selected() {
        let object = json!({"metadata": {"labels": {"team": "a", "tier": "3", "a.example/b": ""}}});
        for (selector, selected) in [
            ("", true),
            ("team=a", true),
            ("team == a", true),
            ("team!=a", false),
            ("other!=a", true),
            ("team in (a, b),tier", true),
            ("team notin (b)", true),
            ("!team", false),
            ("!other", true),
            ("other", false),
            ("tier>2,tier<4", true),
            ("a.example/b=", true),
            ("a.example/b", true),
        ] {
            assert_eq!(Labels::parse(selector).expect(selector).match_object(&object), selected, "{selector}");
        }
        for selector in ["==", "a=b=c", "a in b", "a in (b", "a,", "a b", "=a"] {
            assert_eq!(Labels::parse(selector).expect_err(selector).code, 400, "{selector}");
        }
    }

    #[test]
    fn fields_are_selected() {
        let object = json!({"metadata": {"name": "x", "namespace": "y"}});
        let parse = |text| Fields::parse(text, "serviceaccounts", "", &["metadata.name", "metadata.namespace"]);
        for (selector, selected) in
            [("metadata.name=x", true), ("metadata.name==x,metadata.namespace!=y", false), ("metadata.name!=z", true)]
        {
            assert_eq!(parse(selector).expect(selector).match_object(&object), selected, "{selector}");
        }
        assert!(parse("spec.x=1").expect_err("unknown").message.contains("field label not supported: spec.x"));
        assert!(parse("nonsense").is_err());
    }
}
