//! The language of role assignment conditions, version 2.0.
//!
//! Written after Microsoft's pages "Azure role assignment condition format and syntax", "Actions and attributes for
//! Azure role assignment conditions for Azure Blob Storage", "Authorization actions and attributes" and the registry's
//! "Microsoft Entra repository permissions".
//!
//! [`parse`] refuses what those pages do not describe. [`evaluate()`] says whether a condition lets a request through.
//!
//! ```
//! use cloudgrant_azure_sandbox::condition::{AccessRequest, Attributes, evaluate, parse};
//!
//! let condition = parse(
//!     "!(ActionMatches{'Microsoft.ContainerRegistry/registries/repositories/content/read'}) OR \
//!      @Request[Microsoft.ContainerRegistry/registries/repositories:name] StringEqualsIgnoreCase 'nginx'",
//! )?;
//! let asked = Attributes::new().with("Microsoft.ContainerRegistry/registries/repositories:name", "nginx");
//! let pull = AccessRequest {
//!     request: &asked,
//!     ..AccessRequest::new("Microsoft.ContainerRegistry/registries/repositories/content/read")
//! };
//! assert!(evaluate(&condition, &pull));
//! # Ok::<(), cloudgrant_azure_sandbox::condition::SyntaxError>(())
//! ```

mod ast;
mod catalogue;
pub(crate) mod datetime;
mod error;
mod evaluate;
mod lexer;
mod operators;
mod parser;
mod print;
mod request;
mod types;
mod value;

#[cfg(test)]
mod tests;

pub use ast::Condition;
pub use error::SyntaxError;
pub use evaluate::evaluate;
pub use parser::{MAX_BYTES, MAX_DEPTH, parse};
pub use request::{AccessRequest, Attributes};
pub use value::Value;
