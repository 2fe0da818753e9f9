//! What the sandbox's log tells of who read and wrote the policies of repositories, buckets and keys: whether an edit could have been seen.

use std::collections::{BTreeSet, HashMap};
use std::fmt;
use std::time::Duration;

use serde_json::Value;

use super::OTHER;
use super::documents::Document;
use super::edited::sids;

/// Who read and wrote policies of one kind, in the order in which it was carried out.
pub(super) struct Calls(Vec<Call>);

struct Call {
    turn: u64,
    at: Duration,
    key: String,
    reads: bool,
    /// The person's statements in the policy that was read or written.
    sids: BTreeSet<String>,
}

impl Calls {
    /// From the sandbox's log.
    pub(super) fn read(log: &[Value], document: Document) -> Self {
        let call = |line: &Value| {
            let action = line["action"].as_str()?;
            // S3 answers some with 204.
            let is_done = matches!(line["status"].as_u64(), Some(200 | 204));
            let is_deleted = document.delete() == Some(action);
            let reads = action == document.read();
            if !reads && !(is_done && (action == document.write() || is_deleted)) {
                return None;
            }
            let at = Duration::from_micros(line["at_us"].as_u64()?);
            // What was deleted is told, too.
            let policy = line["policy"].as_str().filter(|_| !is_deleted);
            let sids = policy.and_then(|text| serde_json::from_str(text).ok()).map(|policy| sids(&policy));
            let (turn, key, sids) =
                (line["turn"].as_u64()?, line["key"].as_str()?.to_owned(), sids.unwrap_or_default());
            Some(Call { turn, at, key, reads, sids })
        };
        let mut calls: Vec<_> = log.iter().filter_map(call).collect();
        calls.sort_by_key(|call| call.turn);
        Self(calls)
    }

    /// For each write that isn't the person's, how long ago its writer had read, or had read before that.
    pub(super) fn windows(&self, last: usize) -> Vec<Duration> {
        let person = cloudgrant_aws_sandbox::access_key(OTHER);
        let mut reads: HashMap<&str, Vec<Duration>> = HashMap::new();
        let mut windows = Vec::new();
        for call in self.0.iter().filter(|call| call.key != person) {
            let reads = reads.entry(&call.key).or_default();
            if call.reads {
                reads.push(call.at);
            } else if let Some(read) = reads.iter().nth_back(last - 1) {
                windows.push(call.at.saturating_sub(*read));
            }
        }
        windows
    }

    /// Whether, between the person's write of that number and the person's reading of that number, somebody else wrote
    /// without having had a chance to see the person's write: none of their readings came in between.
    pub(super) fn in_window(&self, write: usize, reading: usize) -> bool {
        let person = cloudgrant_aws_sandbox::access_key(OTHER);
        let nth = |reads: bool, number: usize| {
            let calls = self.0.iter().filter(|call| call.key == person && call.reads == reads);
            number.checked_sub(1).and_then(|index| calls.map(|call| call.turn).nth(index))
        };
        let Some(from) = nth(false, write) else { return false };
        let until = nth(true, reading).unwrap_or(u64::MAX);
        let between: Vec<_> =
            self.0.iter().filter(|call| call.key != person && call.turn > from && call.turn < until).collect();
        between.iter().enumerate().any(|(at, call)| {
            !call.reads && !between[..at].iter().any(|earlier| earlier.reads && earlier.key == call.key)
        })
    }

    /// Whether the person's last edit of a statement came before a run could see that the one before was there again,
    /// which that run had overwritten: until then, nobody can tell such an edit from one more overwriting.
    pub(super) fn was_too_early(&self, sid: &str) -> bool {
        let person = cloudgrant_aws_sandbox::access_key(OTHER);
        let has = |call: &Call| call.sids.contains(sid);
        let (mut wanted, mut overwritten) = (false, BTreeSet::new());
        let mut too_early = false;
        for call in &self.0 {
            if call.key == person {
                if !call.reads && has(call) != wanted {
                    wanted = !wanted;
                    too_early = !overwritten.is_empty();
                }
            } else if call.reads && has(call) == wanted {
                overwritten.remove(&call.key);
            } else if !call.reads && has(call) != wanted {
                overwritten.insert(&call.key);
            }
        }
        too_early
    }

    /// Whether the person's last edit of a statement, or the last that mended it, fell into the window of a run, and what
    /// is wrong now is what a run put back for that: the run whose reading beside its write came before the edit, or
    /// another one that saw the edit overwritten beside a write of its own, and couldn't know by whom. It does so with its
    /// next write. What a run puts back is there as unseen as the edit was, for runs that haven't read since. A run that has
    /// read once since the edit overwrites it all the same, and mends that: a write is of the reading before it, and leaves
    /// before the answer of the one beside it is there.
    pub(super) fn was_unseen(&self, sid: &str) -> bool {
        let person = cloudgrant_aws_sandbox::access_key(OTHER);
        let has = |call: &Call| call.sids.contains(sid);
        let (mut wanted, mut there) = (false, false);
        let mut readings: HashMap<&str, bool> = HashMap::new();
        // Runs that haven't read since the edit; those that have once; those that have, after another one overwrote it; those
        // that will put back what it isn't.
        let (mut blind, mut once) = (BTreeSet::new(), BTreeSet::new());
        let (mut witnesses, mut misled) = (BTreeSet::new(), BTreeSet::new());
        let (mut overwritten, mut unseen) = (None, false);
        for call in &self.0 {
            let key = call.key.as_str();
            if key == person {
                if !call.reads && has(call) != there {
                    wanted = has(call);
                    blind = readings.iter().filter(|(_, saw)| **saw != wanted).map(|(key, _)| *key).collect();
                    once.clear();
                    witnesses.clear();
                    misled.clear();
                    overwritten = None;
                }
            } else if call.reads {
                readings.insert(key, has(call));
                if blind.remove(key) {
                    once.insert(key);
                } else {
                    once.remove(key);
                }
                if overwritten.is_some_and(|by| by != key) && has(call) != wanted {
                    witnesses.insert(key);
                }
            } else {
                let (is_blind, has_read_once) = (blind.remove(key), once.remove(key));
                let (is_witness, is_misled) = (witnesses.remove(key), misled.remove(key));
                if has(call) == wanted {
                    overwritten = None;
                    if there != wanted {
                        blind.extend(
                            readings
                                .iter()
                                .filter(|(other, saw)| **other != key && **saw != wanted)
                                .map(|(key, _)| *key),
                        );
                    }
                } else if there == wanted {
                    overwritten = (is_blind || has_read_once).then_some(key);
                    unseen = is_blind || is_misled;
                }
                if is_blind || is_witness && has(call) == wanted {
                    misled.insert(key);
                }
            }
            if !call.reads {
                there = has(call);
            }
        }
        unseen
    }
}

impl fmt::Display for Calls {
    /// The last of them, for whoever wants to know how something was lost; of readings in a row that show the same, the first.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut calls: Vec<&Call> = self.0.iter().collect();
        calls.dedup_by(|next, before| next.reads && before.reads && next.key == before.key && next.sids == before.sids);
        for Call { turn, at, key, reads, sids } in calls.into_iter().rev().take(150).rev() {
            writeln!(f, "{turn} {at:?} {key} {} {sids:?}", if *reads { "reads" } else { "writes" })?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    /// Letters: `p` is the person, `a` and `b` are runs; `r` reads, `w` writes; then whether the statement is there.
    fn calls(text: &str) -> Calls {
        let line = |(turn, call): (usize, &str)| {
            let mut letters = call.chars();
            let key = match letters.next() {
                Some('p') => cloudgrant_aws_sandbox::access_key(OTHER),
                run => run.map(String::from).unwrap_or_default(),
            };
            let action =
                if letters.next() == Some('r') { "ecr:GetRepositoryPolicy" } else { "ecr:SetRepositoryPolicy" };
            let sids: Vec<_> = (letters.next() == Some('1')).then(|| json!({ "Sid": "Person1" })).into_iter().collect();
            json!({
                "turn": turn,
                "at_us": turn,
                "key": key,
                "action": action,
                "status": 200,
                "policy": json!({ "Statement": sids }).to_string(),
            })
        };
        Calls::read(&text.split(' ').enumerate().map(line).collect::<Vec<_>>(), Document::Repository)
    }

    #[test]
    fn what_a_run_put_back_though_it_could_have_known_better_is_told_apart() {
        let is_unseen = |text: &str| calls(text).was_unseen("Person1");
        // `b` brought the statement back; `a` saw that beside its write, and not the edit that came in between.
        let begins = "pw1 ar1 br1 pw0 ar0 bw1 ar1";
        assert!(is_unseen(&format!("{begins} pr1 pw0 aw0 ar0 pr0 pw0 ar0 aw1")));
        assert!(!is_unseen(&format!("{begins} pr1 pw0 ar0 aw0 ar0 aw1")), "it had read the policy since");
        assert!(!is_unseen(&format!("{begins} pr1 pw0 aw0 ar0 aw0 ar0 aw1")), "it had written once more");
        assert!(!is_unseen(&format!("{begins} pr1 pw0 aw0 br0 bw1")), "another run did it");
        // `a` put the edit back, which `b` couldn't see either.
        assert!(is_unseen("ar0 br0 pw1 ar1 aw0 br0 aw1 bw0"));
        assert!(!is_unseen("ar0 br0 pw1 ar1 aw0 br0 aw1 br1 bw0"), "it could have seen it put back");
        // `b` overwrote the edit; `a` saw that beside its write, which undid it, and took it for somebody's wish.
        assert!(is_unseen("ar0 br0 pw1 ar1 bw0 ar0 aw1 pr1 pw1 ar1 aw0"));
        assert!(is_unseen("ar0 br0 pw1 ar1 br1 bw0 ar0 aw1 pr1 pw1 ar1 aw0"), "`b` saw it beside its write");
        assert!(!is_unseen("ar0 br0 pw1 ar1 br1 br1 bw0 ar0 aw1 pr1 pw1 ar1 aw0"), "it had seen the edit before");
        // So did a person's taking out what runs had brought back.
        assert!(is_unseen("pw1 ar1 br1 pw0 br0 ar0 bw1 br1 ar1 aw0 br0 ar0 bw0 ar0 br0 aw1"));
        assert!(
            !is_unseen("pw1 ar1 br1 pw0 br0 ar0 bw1 br1 ar1 aw0 br0 ar0 bw0 ar0 br0 bw1"),
            "the one that overwrote it"
        );
        assert!(!is_unseen("ar0 br0 pw1 ar1 bw0 ar0 aw1 ar1 aw1 ar1 aw0"), "it had written once more");
        assert!(!is_unseen("ar0 br0 pw1 ar1 bw0 ar0 pr0 pw1 ar1 aw1 ar1 aw0"), "somebody had mended it");
    }

    #[test]
    fn an_edit_is_too_early_until_the_overwriting_run_has_read() {
        let is_too_early = |text: &str| calls(text).was_too_early("Person1");
        assert!(is_too_early("ar0 pw1 aw0 pw1 pw0"));
        assert!(!is_too_early("ar0 pw1 aw0 pr0 pw1 ar1 pw0"));
    }

    #[test]
    fn a_write_is_in_the_window_unless_its_writer_has_read_since() {
        let in_window = |text: &str| calls(text).in_window(1, usize::MAX);
        assert!(in_window("ar0 pw1 aw0"));
        assert!(!in_window("ar0 pw1 ar1 aw0"));
        assert!(in_window("ar0 br0 pw1 ar1 bw0"));
    }
}
