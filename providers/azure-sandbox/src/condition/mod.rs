//! Conditions of role assignments.
