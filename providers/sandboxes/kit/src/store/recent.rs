//! The last of many.

use std::collections::VecDeque;

use serde::Serialize;

/// How many are kept.
const KEPT: usize = 10_000;

/// The last ten thousand of something, such as the lines of a log, oldest first.
#[derive(Debug, Clone, Serialize)]
#[serde(transparent)]
pub struct Recent<T> {
    kept: VecDeque<T>,
}

impl<T> Recent<T> {
    /// Adds one; the oldest goes where there are too many.
    pub fn push(&mut self, one: T) {
        if self.kept.len() == KEPT {
            self.kept.pop_front();
        }
        self.kept.push_back(one);
    }
}

impl<T> Default for Recent<T> {
    fn default() -> Self {
        Self { kept: VecDeque::new() }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_oldest_go() {
        let mut recent = Recent::default();
        (0..=KEPT).for_each(|n| recent.push(n));
        let kept = json!(recent);
        assert_eq!((&kept[0], &kept[KEPT - 1], &kept[KEPT]), (&json!(1), &json!(KEPT), &json!(null)));
    }
}
