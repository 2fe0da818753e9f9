//! The chain: how a line follows from the one before.

use sha2::{Digest, Sha256};

use crate::audit::record::{self, Event};

/// How each line ends; what stands before it is what the hash is of.
const MARK: &str = ",\"hash\":\"";

/// Where in a trail a line stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Link {
    /// Its number, from 1 on.
    pub(super) sequence: u64,
    /// Its hash, in hexadecimal digits.
    pub(super) hash: String,
}

impl Link {
    /// Before the first line.
    pub(super) fn first() -> Self {
        Self { sequence: 0, hash: "0".repeat(64) }
    }

    /// The link of a line that is as it was written; its place in the chain is the caller's to check.
    pub(super) fn of(line: &str) -> Option<Self> {
        let (content, hash) = split(line)?;
        if digest(content) != hash {
            return None;
        }
        let value: serde_json::Value = serde_json::from_str(line).ok()?;
        Some(Self { sequence: value["sequence"].as_u64()?, hash: hash.to_owned() })
    }

    /// The line that follows, and its link.
    pub(super) fn next(&self, run: &str, event: &Event<'_>) -> (String, Self) {
        let sequence = self.sequence + 1;
        let content = record::content(sequence, &self.hash, run, event);
        // Without its last brace: the hash comes before that.
        let open = content.strip_suffix('}').unwrap_or(&content);
        let hash = digest(open);
        (format!("{open}{MARK}{hash}\"}}\n"), Self { sequence, hash })
    }
}

/// A line's content, as it was before its hash was added, and the hash.
fn split(line: &str) -> Option<(&str, &str)> {
    let (open, hash) = line.rsplit_once(MARK)?;
    let hash = hash.strip_suffix("\"}")?;
    let plain = hash.len() == 64 && hash.chars().all(|c| c.is_ascii_hexdigit());
    plain.then_some((open, hash))
}

fn digest(content: &str) -> String {
    hex::encode(Sha256::digest(content.as_bytes()))
}
