//! Fields and who manages them: server-side apply.
//!
//! The rules are those of structured-merge-diff, which every API server has, and of the layers that a server puts around
//! it. Sources: "Server-Side Apply" of Kubernetes' documentation, KEP-555, and the recorded answers of a real server.
//!
//! | file | what it does |
//! |---|---|
//! | [`schema`], [`kinds`] | which fields there are, and which lists and maps are taken as a whole |
//! | [`decode`] | from a client's JSON to an object as a server has it |
//! | [`times`] | times, however they are written |
//! | [`path`] | paths to fields, sets of them, and how managed fields write these |
//! | [`check`], [`sets`], [`compare`], [`merge`], [`remove`] | the operations on objects of a schema |
//! | [`apply`] | merging what is applied, pruning what is no longer applied, conflicts |
//! | [`managers`] | the managers of an object, as they stand in its metadata |
//! | [`track`] | what happens to them with each write |

pub(crate) mod apply;
pub(crate) mod base64;
mod check;
mod compare;
pub(crate) mod decode;
pub(crate) mod kinds;
pub(crate) mod managers;
mod merge;
pub(crate) mod path;
mod remove;
pub(crate) mod schema;
mod sets;
mod times;
pub(crate) mod track;
