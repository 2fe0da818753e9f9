//! Steps that only somebody else can do.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::contract::object::how_asked::HowAsked;
use crate::digest::digest_of;

/// A step that only somebody else can do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Handoff {
    /// Who can do it.
    pub to: String,
    /// One line: what is to be done.
    pub task: String,
    /// Everything they need, ready to use.
    pub document: String,
    /// Whether a later run can see that it was done.
    pub verifiable: bool,
    /// Whether whoever asks knows that nobody has done it so far, as what comes of it isn't there: then nothing has to be taken back.
    #[serde(skip)]
    pub is_undone: bool,
    /// The principals that the document names, as it names them: ARNs, client IDs. What was done by it is void once one of them
    /// is made anew, as the cloud tells the two apart ([`Observed::unique_ids`](crate::Observed::unique_ids)).
    #[serde(skip)]
    pub principals: Vec<String>,
    /// How it is asked for, beside what the name of its object says: what it takes to have it taken back. Its mark keeps it once it is
    /// confirmed.
    #[serde(skip)]
    pub how: HowAsked,
    /// Whether it takes back what an earlier one asked for, and nothing wants any more.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub takes_back: bool,
}

impl Handoff {
    /// One by which something is to be done that no later run can see.
    pub fn unseen(to: impl Into<String>, task: impl Into<String>, document: impl Into<String>) -> Self {
        Self {
            to: to.into(),
            task: task.into(),
            document: document.into(),
            verifiable: false,
            is_undone: false,
            principals: Vec::new(),
            how: HowAsked::default(),
            takes_back: false,
        }
    }

    /// The same with the principals that its document names.
    #[must_use]
    pub fn naming(mut self, principals: impl IntoIterator<Item = String>) -> Self {
        self.principals.extend(principals);
        self.principals.sort();
        self.principals.dedup();
        self
    }

    /// The same with how it is asked for.
    #[must_use]
    pub fn asked_as(mut self, how: HowAsked) -> Self {
        self.how = how;
        self
    }

    /// The same as one that takes back what was asked for.
    #[must_use]
    pub fn taking_back(mut self) -> Self {
        self.takes_back = true;
        self
    }

    /// Thirty-two hexadecimal digits: sixteen stand for all that it says, and sixteen for the principals that it names as they are
    /// now.
    pub(crate) fn digest(&self, unique_ids: &BTreeMap<String, String>) -> String {
        let text = digest_of(&format!("{}\n{}\n{}", self.to, self.task, self.document), 8);
        text + &self.digest_of_principals(unique_ids)
    }

    /// The second half of its [`digest`](Self::digest).
    pub(crate) fn digest_of_principals(&self, unique_ids: &BTreeMap<String, String>) -> String {
        let of = |principal: &String| format!("{principal} {}", unique_ids.get(principal).map_or("", String::as_str));
        let principals: Vec<_> = self.principals.iter().map(of).collect();
        digest_of(&principals.join("\n"), 8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_digest_stands_for_a_document_and_for_the_principals_as_they_are_now() {
        let handoff = || Handoff::unseen("them", "do it", "as follows").naming(["b".to_owned(), "a".to_owned()]);
        let ids = |of_a: &str| BTreeMap::from([("a".to_owned(), of_a.to_owned())]);
        let digest = handoff().digest(&ids("1"));
        assert_eq!(digest.len(), 32);
        assert_eq!(digest, handoff().naming(["a".to_owned()]).digest(&ids("1")), "named twice, it is one");
        let other = Handoff { document: "otherwise".to_owned(), ..handoff() };
        let unnamed = Handoff { principals: Vec::new(), ..handoff() };
        for other in [
            handoff().digest(&ids("2")),
            handoff().digest(&BTreeMap::new()),
            other.digest(&ids("1")),
            unnamed.digest(&ids("1")),
        ] {
            assert_ne!(digest, other);
        }
    }
}
