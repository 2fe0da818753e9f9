//! Who may do what: policy documents, the policies of AWS's own, those of callers, and what the `deny` knob refuses.

pub(crate) mod caller_policies;
pub(crate) mod denials;
pub(crate) mod managed_policies;
pub(crate) mod policy;
