//! A setting that takes one text or a list of them: the same in every provider's section.

use std::fmt;

use serde::de::{Deserializer, Error, SeqAccess, Visitor};

/// Reads one text or a list of them, as they stand there; `expecting` says to people what they are, such as `an issuer, or a
/// list of them`.
///
/// # Errors
/// What stands there is neither.
pub fn one_or_several<'de, D: Deserializer<'de>>(
    deserializer: D,
    expecting: &'static str,
) -> Result<Vec<String>, D::Error> {
    deserializer.deserialize_any(Texts { expecting })
}

struct Texts {
    expecting: &'static str,
}

impl<'de> Visitor<'de> for Texts {
    type Value = Vec<String>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.expecting)
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Vec<String>, E> {
        Ok(vec![text.to_owned()])
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Vec<String>, A::Error> {
        let mut texts = Vec::new();
        while let Some(text) = list.next_element()? {
            texts.push(text);
        }
        Ok(texts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_is_a_list_of_one_and_anything_else_is_told() {
        let read = |json: &str| {
            let mut json = serde_json::Deserializer::from_str(json);
            one_or_several(&mut json, "an issuer, or a list of them").map_err(|error| error.to_string())
        };
        assert_eq!(read("\"a\""), Ok(vec!["a".to_owned()]));
        assert_eq!(read("[\"a\", \"b\"]"), Ok(vec!["a".to_owned(), "b".to_owned()]));
        assert_eq!(read("[]"), Ok(Vec::new()));
        let odd = read("7").expect_err("a number");
        assert!(odd.contains("expected an issuer, or a list of them"), "{odd}");
        assert!(read("[7]").is_err());
    }
}
