//! Field managers: as whom a stack owns annotations.

use cloudgrant_core::Stack;
use cloudgrant_core::digest::{digest_of, shortened};

/// The longest name that a field manager may have. Source: Kubernetes, `ValidateFieldManager` of apimachinery.
const LONGEST_MANAGER: usize = 128;

/// What every manager of a stack begins with.
const MANAGER: &str = "cloudgrant.";

/// As whom a stack at a home owns annotations.
pub(crate) fn manager(stack: &Stack, home: &str) -> String {
    shortened(format!("{MANAGER}{stack}.{}", digest_of(home, 8)), LONGEST_MANAGER)
}

/// The stack that a field manager is of. A name that was too long for one says none.
pub(crate) fn stack_of(manager: &str) -> Option<Stack> {
    let (stack, digits) = manager.strip_prefix(MANAGER)?.rsplit_once('.')?;
    let is_digest = digits.len() == 16 && digits.chars().all(|digit| digit.is_ascii_hexdigit());
    Stack::parse(stack).ok().filter(|_| is_digest)
}

/// What tells a stack's homes apart in the name of its manager.
pub(crate) fn home_of(manager: &str) -> Option<&str> {
    manager.rsplit('.').next()
}
