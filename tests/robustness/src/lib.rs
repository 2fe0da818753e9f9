//! Proofs that the engine and a provider can be trusted when things go wrong.
//!
//! * [`crashes`]: the program is killed before and after each single request of an apply, of a change and of a revoke;
//!   run again, it ends where an uninterrupted run ends.
//! * [`faults`]: requests are throttled, fail, hang, come late, lose their answers or parts of them, all from seeds;
//!   a run ends as it should or says truthfully how far it came, and one more run without faults ends as it should.
//! * [`late`]: each single request is carried out only after its client has given it up, over what was written since.
//! * [`races`]: two runs, or a run and a person, write at the same time; nothing foreign is lost, and all wishes hold.
//! * [`beside_edits`]: a grant is revoked beside edits of the manifest that nobody applied; nobody is given anything, nobody loses
//!   what they keep, and what is left is told.
//! * [`told`]: a platform is told beside a cloud; runs are stopped at every request to it, writes come late, requests fail, from seeds.
//!
//! All but the last two are written against [`Cloud`]. A cloud is one file, such as [`aws`], and [`proofs!`] in a file in `tests/`.

use cloudgrant_flyte as _;
use cloudgrant_union as _;

pub mod aws;
pub mod azure;
pub mod beside_edits;
pub mod cloud;
pub mod crashes;
pub mod faults;
pub mod http;
pub mod late;
pub mod output;
pub mod process;
mod proofs;
pub mod races;
pub mod random;
pub mod told;
pub mod truth;
pub mod world;

pub use cloud::{Cloud, Doing, Look, Manifests, Person, State};
