//! AWS as no honest server plays it: answers without an end, lists that go round, JSON and XML of any depth. Each ends
//! in an error that says so, soon, and with little memory.

use cloudgrant_flyte as _;
use cloudgrant_union as _;

mod answers;
mod lists;
mod lossless;
mod policies;
mod server;
mod world;
