//! Account ids: twelve digits, as text.

use std::fmt;

use cloudgrant_core::redacted;
use serde::{Deserialize, Deserializer};

use crate::config::arn::Arn;

/// An AWS account id: twelve digits, as text.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct AccountId(String);

impl AccountId {
    /// Parses twelve digits.
    ///
    /// # Errors
    /// A sentence that says what is wrong.
    pub fn parse(text: &str) -> Result<Self, String> {
        if text.len() == 12 && text.chars().all(|c| c.is_ascii_digit()) {
            return Ok(Self(text.to_owned()));
        }
        let lost = text.len() == 11 && text.chars().all(|c| c.is_ascii_digit());
        // As in an ARN, with dashes as the console shows it, or in quotes that aren't plain.
        let of_arn = Arn::parse(text).map(|arn| arn.account);
        let between = |c: char| {
            c.is_whitespace() || "-\u{2013}\u{201c}\u{201d}\u{201e}\u{2018}\u{2019}\u{ab}\u{bb}'\"".contains(c)
        };
        let bare: String = of_arn.unwrap_or(text).chars().filter(|c| !between(*c)).collect();
        let perhaps = if lost {
            format!("; perhaps it lost its leading zero: \"0{text}\"")
        } else if bare.len() == 12 && bare.chars().all(|c| c.is_ascii_digit()) {
            format!(" and nothing else: write \"{bare}\"")
        } else {
            String::new()
        };
        Err(format!("`{}` is not an AWS account id: it takes twelve digits{perhaps}", redacted(text)))
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for AccountId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for AccountId {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl serde::de::Visitor<'_> for Visitor {
            type Value = AccountId;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an AWS account id in quotes, twelve digits")
            }
            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<AccountId, E> {
                AccountId::parse(text).map_err(E::custom)
            }
            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<AccountId, E> {
                let lost = if number < 100_000_000_000 { ", and it lost its leading zero" } else { "" };
                Err(E::custom(format!(
                    "the account id {number} stands here as a number{lost}: write it in quotes, \"{number:012}\""
                )))
            }
        }
        deserializer.deserialize_any(Visitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_id_keeps_its_leading_zero() {
        let account = |json: &str| serde_json::from_str::<AccountId>(json).map_err(|error| error.to_string());
        assert_eq!(account(r#""011122223333""#).expect("twelve digits").as_str(), "011122223333");
        assert!(
            account("11122223333")
                .expect_err("a number")
                .contains(r#"lost its leading zero: write it in quotes, "011122223333""#)
        );
        assert!(
            account(r#""11122223333""#)
                .expect_err("eleven")
                .contains(r#"perhaps it lost its leading zero: "011122223333""#)
        );
    }
}
