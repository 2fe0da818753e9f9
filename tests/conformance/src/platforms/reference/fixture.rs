//! The fixture: a board, with every hook.

use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use cloudgrant_core::{ObjectId, Pair};
use serde_json::{Value, json};

use super::board::{Board, Code};
use super::platform::{Pins, RECORD};
use crate::fixture::{Fault, Hook, Requests};
use crate::platforms::PlatformFixture;

/// The keys of a record as a file.
pub const KEYS_OF_RECORD: &[&str] = &["project", "domain", "principal"];

/// Which records others have keys in, before or beside ours.
const FOREIGN: [&str; 3] = ["vision/production", "forecasting/production", "forecasting/development"];

/// A board.
#[derive(Debug)]
pub struct BoardWorld {
    /// The board's name.
    pub name: String,
    /// The board.
    pub board: Board,
}

#[async_trait]
impl PlatformFixture for BoardWorld {
    type Platform = Pins;

    fn skipped() -> Vec<(&'static str, &'static str)> {
        vec![("chosen_values_are_referred_to", "what principals are told by is known beforehand")]
    }

    async fn fresh() -> Self {
        static WORLDS: AtomicU64 = AtomicU64::new(0);
        let name = format!("board-{}", WORLDS.fetch_add(1, Ordering::Relaxed));
        let board = Board::named(&name);
        board.backstage(|world| {
            for domain in ["development", "production"] {
                world.defaults.insert(domain.to_owned(), format!("default-of-{domain}"));
            }
        });
        Self { name, board }
    }

    fn keys(&self) -> Value {
        json!({ "board": self.name })
    }

    async fn snapshot(&self) -> Value {
        self.board.backstage(|world| serde_json::to_value(&*world).unwrap_or_default())
    }

    async fn runs_under(&self, pair: &Pair) -> Option<String> {
        self.board.backstage(|world| {
            let record = world.records.get(&format!("{}/{}", pair.project, pair.domain));
            record
                .and_then(|record| record.get("principal"))
                .or_else(|| world.defaults.get(pair.domain.as_str()))
                .cloned()
        })
    }

    async fn requests(&self) -> Option<Requests> {
        Some(self.board.backstage(|world| world.requests))
    }

    async fn plant_foreign(&self) -> Hook {
        self.board.backstage(|world| {
            for name in FOREIGN {
                let record = world.records.entry(name.to_owned()).or_default();
                record.insert("quota".to_owned(), "4".to_owned());
                record.insert("pinned-by-hand".to_owned(), "a note".to_owned());
            }
        });
        Hook::Done
    }

    async fn occupy(&self, object: &ObjectId) -> Hook {
        self.put(object, Some("somebody-else-s"))
    }

    async fn tamper(&self, object: &ObjectId) -> Hook {
        self.put(object, Some("edited"))
    }

    async fn remove(&self, object: &ObjectId) -> Hook {
        self.put(object, None)
    }

    async fn fault(&self, fault: Fault) -> Hook {
        self.board.backstage(|world| match fault {
            Fault::Throttle(count) => world.failing = Some((count, Code::SlowDown)),
            Fault::Fail(count) => world.failing = Some((count, Code::Broken)),
            Fault::DenyWrites => world.read_only = true,
            Fault::DelayPrincipals | Fault::Withhold => {}
        });
        match fault {
            Fault::DelayPrincipals | Fault::Withhold => Hook::Missing,
            Fault::Throttle(_) | Fault::Fail(_) | Fault::DenyWrites => Hook::Done,
        }
    }

    fn keys_of_file(&self, path: &str) -> Option<Vec<&'static str>> {
        path.starts_with("records/").then(|| KEYS_OF_RECORD.to_vec())
    }
}

impl BoardWorld {
    fn put(&self, object: &ObjectId, value: Option<&str>) -> Hook {
        if object.kind != RECORD {
            return Hook::Missing;
        }
        self.board.backstage(|world| {
            let record = world.records.entry(object.name.clone()).or_default();
            match value {
                Some(value) => _ = record.insert("principal".to_owned(), value.to_owned()),
                None => _ = record.remove("principal"),
            }
        });
        Hook::Done
    }
}
