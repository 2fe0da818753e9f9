//! Platforms that tell wrongly whose things are where.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};

use cloudgrant_conformance::platforms::reference::Board;
use cloudgrant_core::{Marked, WayTo};

use super::breakage;
use crate::breakage::Breakage;

breakage! {
    /// Lists one stack alone.
    OwnAlone {
        fn marked(&self, _: &Board, marked: &mut Vec<Marked>) {
            marked.retain(|one| one.stack.as_str() == "acme");
        }
    }
}

breakage! {
    /// Lists nobody.
    Unlisted {
        fn marked(&self, _: &Board, marked: &mut Vec<Marked>) {
            marked.clear();
        }
    }
}

breakage! {
    /// Doesn't say what a stack has.
    NoObjects {
        fn marked(&self, _: &Board, marked: &mut Vec<Marked>) {
            marked.iter_mut().for_each(|one| one.objects.clear());
        }
    }
}

breakage! {
    /// Doesn't say what to do with it.
    NoRemedy {
        fn marked(&self, _: &Board, marked: &mut Vec<Marked>) {
            marked.iter_mut().for_each(|one| one.remedy.clear());
        }
    }
}

breakage! {
    /// Lists whoever was ever there.
    Undead {
        fn marked(&self, _: &Board, marked: &mut Vec<Marked>) {
            static EVER: Mutex<BTreeMap<String, Marked>> = Mutex::new(BTreeMap::new());
            let mut ever = EVER.lock().expect("lock");
            ever.extend(marked.drain(..).map(|one| (one.mark.clone(), one)));
            marked.extend(ever.values().cloned());
        }
    }
}

/// Calls its place by another name each time.
#[derive(Debug)]
pub(crate) struct OtherPlace(u64);

impl Default for OtherPlace {
    fn default() -> Self {
        static CONNECTIONS: AtomicU64 = AtomicU64::new(0);
        Self(CONNECTIONS.fetch_add(1, Ordering::Relaxed))
    }
}

impl Breakage for OtherPlace {
    fn reached(&self, name: String) -> String {
        format!("{name} ({})", self.0)
    }
}

breakage! {
    /// Knows no way there.
    NoWay {
        fn way_to(&self, _: Option<WayTo>) -> Option<WayTo> {
            None
        }
    }
}

breakage! {
    /// Knows a way to everywhere.
    AnyWay {
        fn way_to(&self, way: Option<WayTo>) -> Option<WayTo> {
            let anywhere = WayTo { told: "look".to_owned(), setting: ("board", "any"), is_set: true, variable: "BOARD" };
            way.or(Some(anywhere))
        }
    }
}

breakage! {
    /// Says that its own manifest leads elsewhere.
    Misled {
        fn way_to(&self, way: Option<WayTo>) -> Option<WayTo> {
            way.map(|way| WayTo { is_set: false, ..way })
        }
    }
}

breakage! {
    /// Has no name for its place.
    NoPlaceName {
        fn reached(&self, _: String) -> String {
            String::new()
        }
    }
}
