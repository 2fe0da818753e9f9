//! Read, merge, write, read back.
//!
//! - Nothing lies between our reading and our writing: connections are open, and a write is never sent twice, which would send an
//!   old document; the engine tries again, and that reads again.
//! - Where a write is refused, what an earlier one overwrote is put back without our change: nobody knows whether there will be
//!   another try.
//! - What was put back once isn't put back again after a reading that came later than that write: by then it is somebody's
//!   wish, or the doing of another run, which looks after what it overwrites. Nor is it where people have written between
//!   two tries; then the report says what to look at.
//! - A write that has no answer in time may be carried out yet, over whatever was written since. Nothing else of ours is
//!   written to that document until as much time has passed once more, and a reading before that time remembers what
//!   others did.

use std::time::{Duration, Instant};

use crate::contract::error::Result;
use crate::shared_document::meanwhile::Meanwhile;
use crate::shared_document::service::{Guard, Merged, SharedDocument, Unwritten, Versioned};

/// The write leaves a tenth of a reading's time after the reading beside it, and never later than this.
const LATEST: Duration = Duration::from_millis(5);

/// How often a document is read at most until two readings agree.
const READINGS: usize = 5;

/// How long a reading that shows what was there before a write is waited out before it is believed, in all. Some documents are
/// eventually consistent: such a reading is mostly an old one. Sources: Amazon S3 user guide, "Amazon S3 data consistency model"; AWS
/// KMS developer guide, "AWS KMS eventual consistency".
const LAG: [Duration; 5] = [
    Duration::from_millis(100),
    Duration::from_millis(200),
    Duration::from_millis(400),
    Duration::from_millis(800),
    Duration::from_millis(1_600),
];

type Read<D> = Versioned<<D as SharedDocument>::Document, <D as SharedDocument>::Version>;

/// Makes a change to a document, and answers with what else was done or seen, for a report: what of others' edits was put back, what
/// stays as somebody else set it. `meanwhile` is what the document's last writer left, or a new one where nothing is put back.
///
/// # Errors
/// It isn't as it should be. Where a write of ours has overwritten what others did, and the service takes no document with that any
/// more, the error says which parts to look at.
pub async fn write<D: SharedDocument>(of: &D, meanwhile: &mut Meanwhile<D::Part>) -> Result<Vec<String>> {
    let mut remarks = Vec::new();
    match write_while(of, meanwhile, &mut remarks).await {
        Ok(()) => {
            remarks.append(meanwhile.untold());
            Ok(remarks)
        }
        Err(mut error) => {
            // The engine may try again, and what comes of that is all that a report has.
            meanwhile.remember(remarks);
            if !meanwhile.untold().is_empty() {
                error = error.with("meanwhile", meanwhile.untold().join("; "));
            }
            Err(match meanwhile.lost(of) {
                Some(lost) => error.with("overwritten", lost),
                None => error,
            })
        }
    }
}

async fn write_while<D: SharedDocument>(
    of: &D,
    meanwhile: &mut Meanwhile<D::Part>,
    remarks: &mut Vec<String>,
) -> Result<()> {
    let (mut refused, mut wrote) = (None, None);
    // What was there before the last write that succeeded.
    let mut replaced: Option<D::Document> = None;
    for round in 0..D::TRIES {
        let (read, reading) = read_after(of, replaced.as_ref(), round).await;
        let Versioned { document: before, version } = match read {
            Ok(read) => read,
            Err(error) if of.is_gone(&error) => return Ok(()),
            Err(error) => return Err(error),
        };
        if replaced.as_ref().is_some_and(|replaced| *replaced != before) {
            meanwhile.settle();
        }
        meanwhile.forget(of, &before, wrote.as_deref());
        meanwhile.look(of, &before, round == 0);
        let mut next = of.merged(&before)?;
        let is_done = of.is_done(&before, &next.document, replaced.is_some());
        if is_done && meanwhile.is_nothing() {
            add(remarks, next.remarks);
            return Ok(());
        }
        if let Some(error) = refused.take_if(|_| meanwhile.is_nothing()) {
            return Err(error);
        }
        if round > 0 {
            tracing::debug!(of = of.title(), "somebody else wrote it at the same time; once more");
        }
        if refused.is_some() {
            next = of.without_change(meanwhile.put_back(of, before.clone())).into();
        } else if !meanwhile.is_nothing() {
            next = of.merged(&meanwhile.put_back(of, before.clone()))?;
        }
        let Merged { document: after, remarks: stays } = next;
        let put_back = meanwhile.told(of);
        let (beside, written) = match of.guard() {
            Guard::Version | Guard::ReadBack => (None, of.write(&after, &version).await),
            Guard::ReadingBeside { .. } => write_beside_reading(of, &after, &version, reading).await,
        };
        let written = written.map(|said| {
            add(remarks, put_back.into_iter().chain(stays).chain(said));
            meanwhile.wrote(of, &after);
            replaced = Some(before.clone());
        });
        let unknown = match written {
            Ok(()) => None,
            Err(Unwritten::Outrun) => continue,
            // Nobody's work was undone by a write that was refused. What an earlier one undid comes back without ours.
            Err(Unwritten::Refused(error)) if refused.is_none() && !meanwhile.is_nothing() => {
                refused = Some(error);
                continue;
            }
            Err(Unwritten::Refused(error)) => return Err(refused.unwrap_or(error)),
            Err(Unwritten::Unknown(error)) => Some((error, Duration::ZERO)),
            Err(Unwritten::MayCome(error)) => Some((error, of.guard().patience())),
        };
        let learn = |meanwhile: &mut Meanwhile<D::Part>, seen: &D::Document| {
            if *seen != after {
                meanwhile.learn(of, &before, seen, &after);
            } else if before != after {
                meanwhile.settle();
            }
        };
        if let Some(Beside { document: seen, is_last }) = &beside {
            let is_done = |document: &D::Document| {
                of.merged(document).is_ok_and(|merged| of.is_done(document, &merged.document, false))
            };
            // The write overtook the reading, which shows what it has left to undo: nothing. Or it only seems so, and somebody
            // else had done the same before: by writing an old document, say.
            if *is_last && is_done(seen) && !is_done(&before) {
                meanwhile.doubt(of, &before, seen, &after);
            } else {
                learn(meanwhile, seen);
            }
        }
        wrote = Some(of.parts(&after).to_vec());
        let Some((error, patience)) = unknown else { continue };
        if !of.guard().reads_beside() {
            return Err(error);
        }
        tracing::debug!(of = of.title(), ?patience, "nobody knows whether the write was carried out, or will be");
        let (seen, ()) = tokio::join!(of.read(), tokio::time::sleep(patience));
        if let Ok(seen) = seen {
            learn(meanwhile, &seen.document);
        }
        // Of what others did, nobody else knows: it isn't left to another try, which there may not be.
        if meanwhile.is_nothing() {
            return Err(error);
        }
    }
    Err(refused.unwrap_or_else(|| of.outrun()))
}

impl Guard {
    fn reads_beside(self) -> bool {
        matches!(self, Self::ReadingBeside { .. })
    }

    fn patience(self) -> Duration {
        match self {
            Self::ReadingBeside { patience } => patience,
            Self::Version | Self::ReadBack => Duration::ZERO,
        }
    }
}

/// Says each thing once.
fn add(remarks: &mut Vec<String>, new: impl IntoIterator<Item = String>) {
    for remark in new {
        if !remarks.contains(&remark) {
            remarks.push(remark);
        }
    }
}

/// Reads, and says how long the reading took that is believed.
async fn read_after<D: SharedDocument>(
    of: &D,
    replaced: Option<&D::Document>,
    round: usize,
) -> (Result<Read<D>>, Duration) {
    let mut begun = Instant::now();
    if !of.guard().reads_beside() {
        return (of.read().await, begun.elapsed());
    }
    let mut read = if round == 0 { read_until_alike(of).await } else { of.read().await };
    for wait in LAG {
        // Nobody's edit leads back to exactly that, as a rule.
        if !matches!((&read, replaced), (Ok(now), Some(before)) if now.document == *before) {
            break;
        }
        tokio::time::sleep(wait).await;
        begun = Instant::now();
        read = of.read().await;
    }
    (read, begun.elapsed())
}

/// Reads twice, so that there are two open connections for what comes next, until both agree.
async fn read_until_alike<D: SharedDocument>(of: &D) -> Result<Read<D>> {
    let (mut one, mut other) = tokio::try_join!(of.read(), of.read())?;
    for _ in 0..READINGS {
        if one.document == other.document {
            break;
        }
        one = other;
        other = of.read().await?;
    }
    Ok(other)
}

/// What a reading beside a write found.
struct Beside<D> {
    document: D,
    /// Whether its answer came after the write's.
    is_last: bool,
}

/// Replaces the document, with another reading that leaves first, and the write so much later that it seldom overtakes it. Of a
/// reading that fails nothing is learnt: the next one tells as much, if later.
async fn write_beside_reading<D: SharedDocument>(
    of: &D,
    after: &D::Document,
    version: &D::Version,
    reading: Duration,
) -> (Option<Beside<D::Document>>, Result<Vec<String>, Unwritten>) {
    let later = Duration::from_millis(u64::try_from(reading.as_millis() / 10).unwrap_or_default());
    let write = async {
        if !later.is_zero() {
            tokio::time::sleep(later.min(LATEST)).await;
        }
        (of.write(after, version).await, Instant::now())
    };
    let read = async { (of.read().await, Instant::now()) };
    let ((read, seen), (written, answered)) = tokio::join!(read, write);
    let beside = read.ok().map(|read| Beside { document: read.document, is_last: seen > answered });
    (beside, written)
}
