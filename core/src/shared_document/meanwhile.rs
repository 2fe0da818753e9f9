//! What others did to a document that a write of ours undid.

use crate::shared_document::parts::{AND_SINCE, has_same_name, is_in, name, of_people, told};
use crate::shared_document::service::SharedDocument;

/// What others did to a document between our reading and our writing, so that our write undid it: of each document, from one try of
/// the engine's to the next.
#[derive(Debug)]
pub struct Meanwhile<P> {
    added: Vec<P>,
    removed: Vec<P>,
    /// What of both the last write put back.
    is_back: Vec<P>,
    /// What people's parts were when the document was last read or written here.
    peoples: Option<Vec<P>>,
    /// What a reading showed that may have come before our write or after somebody's next one.
    doubted: Vec<Doubted<P>>,
    /// What was forgotten without being as they made it, until a report has it.
    untold: Vec<String>,
}

/// A part of others' that a reading showed, or didn't show, when our write may have undone that.
#[derive(Debug)]
struct Doubted<P> {
    part: P,
    is_there: bool,
}

impl<P> Default for Meanwhile<P> {
    fn default() -> Self {
        let (added, removed, is_back) = (Vec::new(), Vec::new(), Vec::new());
        Self { added, removed, is_back, peoples: None, doubted: Vec::new(), untold: Vec::new() }
    }
}

impl<P: Clone + PartialEq> Meanwhile<P> {
    /// Remembers what a write undid: what differs between the readings before it and beside it, but for what it brought
    /// along anyway. Not so this stack's own parts: what becomes of those, its changes say, each of which looks after
    /// its own.
    pub(super) fn learn<D: SharedDocument<Part = P>>(
        &mut self,
        of: &D,
        before: &D::Document,
        beside: &D::Document,
        after: &D::Document,
    ) {
        let (before, beside, after) = (of.parts(before), of.parts(beside), of.parts(after));
        for part in beside.iter().filter(|part| !of.is_ours(part)).filter(|part| !is_in(of, before, part)) {
            self.removed.retain(|known| known != part);
            // The last form of a part counts: names are unique within a document.
            self.added.retain(|known| known != part && !has_same_name(of, known, part));
            if !is_in(of, after, part) {
                self.is_back.retain(|known| known != part);
                self.added.push(part.clone());
            }
        }
        for part in before.iter().filter(|part| !of.is_ours(part)).filter(|part| !is_in(of, beside, part)) {
            self.added.retain(|known| known != part);
            self.removed.retain(|known| known != part);
            if after.contains(part) {
                self.is_back.retain(|known| known != part);
                self.removed.push(part.clone());
            }
        }
    }

    /// Remembers what a reading shows of which nobody knows whether it came before our write, so that this undid it, or after
    /// it: answers on two connections may arrive in another order than the requests were carried out in.
    pub(super) fn doubt<D: SharedDocument<Part = P>>(
        &mut self,
        of: &D,
        before: &D::Document,
        beside: &D::Document,
        after: &D::Document,
    ) {
        let mut undone = Self::default();
        undone.learn(of, before, beside, after);
        let doubted = |is_there| move |part| Doubted { part, is_there };
        let removed = undone.removed.into_iter().map(doubted(false));
        self.doubted.extend(undone.added.into_iter().map(doubted(true)).chain(removed));
    }

    /// Remembers that the service took a document in which all of it is put back.
    pub(super) fn wrote<D: SharedDocument<Part = P>>(&mut self, of: &D, after: &D::Document) {
        self.is_back = self.added.iter().chain(&self.removed).cloned().collect();
        self.peoples = Some(of_people(of, after));
    }

    /// Forgets what was put back, once a reading came after that write: what becomes of it from then on is somebody's wish,
    /// or the doing of another run, which looks after what it overwrites.
    pub(super) fn settle(&mut self) {
        let Self { added, removed, is_back, .. } = self;
        added.retain(|part| !is_back.contains(part));
        removed.retain(|part| !is_back.contains(part));
        is_back.clear();
    }

    /// Remembers what a reading shows of people's parts. Where a try begins with that, and they aren't what the try
    /// before left, somebody has written since and has the last word: it forgets everything, and the report says
    /// what to look at.
    pub(super) fn look<D: SharedDocument<Part = P>>(&mut self, of: &D, document: &D::Document, begins: bool) {
        let now = of_people(of, document);
        let is_same = |before: &Vec<P>| before.len() == now.len() && before.iter().all(|part| is_in(of, &now, part));
        let is_written = self.peoples.as_ref().is_some_and(|before| !is_same(before));
        self.peoples = Some(now);
        let (mut added, mut removed) = (Vec::new(), Vec::new());
        for doubted in std::mem::take(&mut self.doubted) {
            match (doubted.is_there, is_in(of, of.parts(document), &doubted.part)) {
                (true, false) => added.push(doubted.part),
                (false, true) => removed.push(doubted.part),
                (true, true) | (false, false) => {}
            }
        }
        self.untold.extend(told(of, &added, &removed, AND_SINCE));
        if begins && is_written {
            self.give_up(of);
        }
    }

    /// Forgets everything, and remembers for a report what isn't as they made it.
    fn give_up<D: SharedDocument<Part = P>>(&mut self, of: &D) {
        self.untold.extend(told(of, &self.added, &self.removed, AND_SINCE));
        self.added.clear();
        self.removed.clear();
        self.is_back.clear();
    }

    /// What no report has yet of what was forgotten.
    pub(super) fn untold(&mut self) -> &mut Vec<String> {
        &mut self.untold
    }

    /// Remembers what a change remarked that failed, and may be tried again: the report of the next try has it.
    pub(super) fn remember(&mut self, remarks: Vec<String>) {
        let new: Vec<_> = remarks.into_iter().filter(|remark| !self.untold.contains(remark)).collect();
        self.untold.extend(new);
    }

    /// Forgets what is as they made it, or has another form by now that isn't known to be an old one. Where any of it is
    /// so although it wasn't in what we `wrote`, it gives up the rest: somebody has written since, and has the last word.
    pub(super) fn forget<D: SharedDocument<Part = P>>(&mut self, of: &D, document: &D::Document, wrote: Option<&[P]>) {
        let now = of.parts(document);
        let Self { added, removed, .. } = self;
        let is_last_word = |wrote: &[P]| {
            added.iter().any(|one| now.contains(one) && !wrote.contains(one))
                || removed.iter().any(|one| !now.contains(one) && wrote.contains(one))
        };
        let is_last_word = wrote.is_some_and(is_last_word);
        added.retain(|part| {
            let other = now.iter().find(|known| has_same_name(of, known, part));
            !now.contains(part) && other.is_none_or(|other| removed.contains(other))
        });
        removed.retain(|part| now.contains(part));
        if is_last_word {
            self.give_up(of);
        }
    }

    pub(super) fn is_nothing(&self) -> bool {
        self.added.is_empty() && self.removed.is_empty()
    }

    /// What is put back, for the report: that nobody edits a document in silence, and that an edit which was only seen in an old
    /// reading can be taken back.
    pub(super) fn told<D: SharedDocument<Part = P>>(&self, of: &D) -> Vec<String> {
        let (title, noun) = (of.title(), of.part_words().noun);
        let added = self.added.iter().map(|part| {
            format!(
                "somebody else wrote {title} at the same time, and their {noun} `{}` was put back: if it should be gone, take it out \
                 again",
                name(of, part)
            )
        });
        let removed = self.removed.iter().map(|part| {
            format!(
                "somebody else wrote {title} at the same time, and their {noun} `{}`, which they took out, was taken out once more: \
                 if it should be there, put it in again",
                name(of, part)
            )
        });
        added.chain(removed).collect()
    }

    /// What isn't as others made it, for an error: nobody's edit is lost in silence. `None` where there is no such thing.
    pub(super) fn lost<D: SharedDocument<Part = P>>(&self, of: &D) -> Option<String> {
        let doubted = |there| {
            let doubted = self.doubted.iter().filter(move |doubted| doubted.is_there == there);
            doubted.map(|doubted| doubted.part.clone())
        };
        let added: Vec<_> = self.added.iter().cloned().chain(doubted(true)).collect();
        let removed: Vec<_> = self.removed.iter().cloned().chain(doubted(false)).collect();
        told(of, &added, &removed, "and it isn't as they made it: it should")
    }

    /// The document as they made it.
    pub(super) fn put_back<D: SharedDocument<Part = P>>(&self, of: &D, document: D::Document) -> D::Document {
        if self.is_nothing() {
            return document;
        }
        of.with_parts(document, &self.added, &self.removed)
    }
}
