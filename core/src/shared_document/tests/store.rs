//! A service that keeps one list, and others who write it.

use std::sync::Mutex;

use async_trait::async_trait;

use crate::contract::error::{Error, ErrorKind, Result};
use crate::shared_document::{Guard, Merged, PartWords, SharedDocument, Unwritten, Versioned};

/// The line that the stack wants.
pub(super) const OURS: &str = "MarkLine";

/// A line of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Line {
    pub(super) name: String,
    pub(super) says: String,
}

impl Line {
    pub(super) fn new(name: &str) -> Self {
        Self { name: name.to_owned(), says: "something".to_owned() }
    }
}

/// A request, with its number among those of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Call {
    Reads(usize),
    Writes(usize),
}

/// What somebody else does.
#[derive(Debug)]
pub(super) enum Edit {
    Puts(&'static str),
    Takes(&'static str),
}

/// What becomes of a write that would be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Done,
    Refused,
    /// Carried out, and its answer went astray.
    Unknown,
    /// Not carried out, and no answer either.
    Lost,
    /// Carried out only after the reading that follows.
    Late,
}

/// What happens at which request.
#[derive(Debug, Default)]
pub(super) struct Script {
    /// What somebody does before it is carried out.
    pub(super) edits: Vec<(Call, Edit)>,
    /// Requests that wait until another was answered.
    pub(super) held: Vec<(Call, Call)>,
    pub(super) fates: Vec<(usize, Fate)>,
    /// Readings that show what was there at first.
    pub(super) old: Vec<usize>,
}

#[derive(Debug)]
pub(super) struct Store {
    pub(super) guard: Guard,
    pub(super) script: Script,
    pub(super) state: Mutex<State>,
    /// Whether a change says that something stays.
    pub(super) stays: bool,
    /// Whether what the list is of is gone.
    pub(super) is_missing: bool,
    /// Whether the change takes a line out.
    pub(super) takes_away: bool,
    /// Others who act before any request.
    pub(super) others: Option<Mutex<fastrand::Rng>>,
}

#[derive(Debug, Default)]
pub(super) struct State {
    lines: Vec<Line>,
    version: u64,
    reads: usize,
    writes: usize,
    answered: Vec<Call>,
    late: Option<Vec<Line>>,
    added: usize,
    stale: Option<(Vec<Line>, u64)>,
}

impl State {
    fn put(&mut self, lines: Vec<Line>) {
        self.lines = lines;
        self.version += 1;
    }
}

impl Store {
    pub(super) fn new(guard: Guard, script: Script) -> Self {
        let state = Mutex::new(State { lines: vec![Line::new("A")], ..State::default() });
        let (stays, is_missing, takes_away) = (false, false, false);
        Self { guard, script, state, stays, is_missing, takes_away, others: None }
    }

    pub(super) fn edit(&self, edit: &Edit) {
        let mut state = self.state.lock().expect("a lock");
        let mut lines = state.lines.clone();
        match edit {
            Edit::Puts(name) => lines.push(Line::new(name)),
            Edit::Takes(name) => lines.retain(|line| line.name != *name),
        }
        state.put(lines);
    }

    pub(super) fn names(&self) -> Vec<&'static str> {
        self.all_names().into_iter().map(|name| &*name.leak()).collect()
    }

    pub(super) fn all_names(&self) -> Vec<String> {
        self.state.lock().expect("a lock").lines.iter().map(|line| line.name.clone()).collect()
    }

    /// How often it was read and written.
    pub(super) fn requests(&self) -> (usize, usize) {
        let state = self.state.lock().expect("a lock");
        (state.reads, state.writes)
    }

    /// How many lines others have added.
    pub(super) fn added(&self) -> usize {
        self.state.lock().expect("a lock").added
    }

    /// Others keep to versions as well.
    fn others_act(&self) {
        let Some(draw) = self.others.as_ref().map(|draw| draw.lock().expect("a lock").u8(0..8)) else { return };
        let mut state = self.state.lock().expect("a lock");
        match draw {
            0 | 1 => {
                state.added += 1;
                let mut lines = state.lines.clone();
                lines.push(Line::new(&format!("other-{}", state.added)));
                state.put(lines);
            }
            2 => state.stale = Some((state.lines.clone(), state.version)),
            3 => {
                if let Some((lines, _)) = state.stale.take().filter(|(_, version)| *version == state.version) {
                    state.put(lines);
                }
            }
            _ => {}
        }
    }

    async fn before(&self, call: Call) {
        for (_, until) in self.script.held.iter().filter(|(held, _)| *held == call) {
            while !self.state.lock().expect("a lock").answered.contains(until) {
                tokio::task::yield_now().await;
            }
        }
        self.others_act();
        for (_, edit) in self.script.edits.iter().filter(|(at, _)| *at == call) {
            self.edit(edit);
        }
    }

    fn count(&self, is_read: bool) -> Call {
        let mut state = self.state.lock().expect("a lock");
        let count = if is_read { &mut state.reads } else { &mut state.writes };
        *count += 1;
        if is_read { Call::Reads(*count) } else { Call::Writes(*count) }
    }
}

#[async_trait]
impl SharedDocument for Store {
    type Document = Vec<Line>;
    type Version = u64;
    type Part = Line;

    const TRIES: usize = 5;

    fn guard(&self) -> Guard {
        self.guard
    }

    async fn read(&self) -> Result<Versioned<Vec<Line>, u64>> {
        let call = self.count(true);
        self.before(call).await;
        if self.is_missing {
            return Err(Error::new(ErrorKind::NotFound, "it is gone"));
        }
        let mut state = self.state.lock().expect("a lock");
        state.answered.push(call);
        let is_old = self.script.old.iter().any(|old| call == Call::Reads(*old));
        let document = if is_old { vec![Line::new("A")] } else { state.lines.clone() };
        let version = state.version;
        if let Some(late) = state.late.take() {
            state.put(late);
        }
        Ok(Versioned { document, version })
    }

    fn merged(&self, there: &Vec<Line>) -> Result<Merged<Vec<Line>>> {
        let mut document = there.clone();
        if !document.iter().any(|line| line.name == OURS) {
            document.push(Line::new(OURS));
        }
        let remarks = self.stays.then(|| "something stays".to_owned()).into_iter().collect();
        Ok(Merged { document, remarks })
    }

    async fn write(&self, next: &Vec<Line>, version: &u64) -> Result<Vec<String>, Unwritten> {
        let call = self.count(false);
        self.before(call).await;
        let mut state = self.state.lock().expect("a lock");
        let fate = self.script.fates.iter().find(|(at, _)| call == Call::Writes(*at)).map_or(Fate::Done, |one| one.1);
        let lost = || Error::new(ErrorKind::Unavailable, "no answer");
        state.answered.push(call);
        if self.guard == Guard::Version && *version != state.version {
            return Err(Unwritten::Outrun);
        }
        match fate {
            Fate::Refused => return Err(Unwritten::Refused(Error::new(ErrorKind::AccessDenied, "refused"))),
            Fate::Lost => return Err(Unwritten::Unknown(lost())),
            Fate::Late => {
                state.late = Some(next.clone());
                return Err(Unwritten::MayCome(lost()));
            }
            Fate::Done | Fate::Unknown => state.put(next.clone()),
        }
        if fate == Fate::Unknown { Err(Unwritten::Unknown(lost())) } else { Ok(Vec::new()) }
    }

    fn outrun(&self) -> Error {
        Error::new(ErrorKind::NotYet, "outrun")
    }

    fn is_gone(&self, error: &Error) -> bool {
        self.takes_away && error.kind() == ErrorKind::NotFound
    }

    fn without_change(&self, mut there: Vec<Line>) -> Vec<Line> {
        there.retain(|line| line.name != OURS);
        there
    }

    fn title(&self) -> String {
        "the list".to_owned()
    }

    fn part_words(&self) -> PartWords {
        PartWords { noun: "line", unnamed: "without name" }
    }

    fn parts<'a>(&self, document: &'a Vec<Line>) -> &'a [Line] {
        document
    }

    fn with_parts(&self, mut document: Vec<Line>, added: &[Line], removed: &[Line]) -> Vec<Line> {
        document.retain(|line| !removed.contains(line));
        document.extend(added.iter().cloned());
        document
    }

    fn name_of<'a>(&self, part: &'a Line) -> Option<&'a str> {
        Some(&part.name)
    }

    /// As a service that shows what was written a moment ago in other words: `ID`.
    fn says_the_same(&self, one: &Line, other: &Line) -> bool {
        one == other || one.says == "ID" || other.says == "ID"
    }

    fn is_ours(&self, part: &Line) -> bool {
        part.name.starts_with("Mark")
    }

    fn is_of_a_stack(&self, part: &Line) -> bool {
        self.is_ours(part) || part.name.starts_with("Stack")
    }
}
